package target

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"
)

// resolve follows the symbolic links of an absolute path, and says what is there. Below another root ("" is ours) no link
// leads out of it. Nothing is opened but its name.
func resolve(root, path string) (resolved string, info unix.Stat_t, err error) {
	if root == "" {
		// Most arguments are not files, and one look costs less than one at every folder on the way.
		if err := unix.Stat(path, &info); err != nil {
			return "", info, err
		}
		resolved, err = filepath.EvalSymlinks(path)
		return resolved, info, err
	}
	folder, err := unix.Open(root, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return "", info, fmt.Errorf("look into %s: %w", root, err)
	}
	defer unix.Close(folder)
	there, err := unix.Openat2(folder, path, &unix.OpenHow{Flags: unix.O_PATH | unix.O_CLOEXEC, Resolve: unix.RESOLVE_IN_ROOT | unix.RESOLVE_NO_MAGICLINKS})
	if err != nil {
		return "", info, fmt.Errorf("look at %s in %s: %w", path, root, err)
	}
	defer unix.Close(there)
	if err := unix.Fstat(there, &info); err != nil {
		return "", info, err
	}
	resolved, err = os.Readlink("/proc/self/fd/" + strconv.Itoa(there))
	return resolved, info, err
}
