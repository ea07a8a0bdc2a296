package pfelf

import "errors"

// maxNoteBytes is the longest note that is read: those that matter hold a build id. A damaged length would ask for 4 GB.
const maxNoteBytes = 1 << 20

var errLargeNote = errors.New("a note is too long")

// roomForNote is nil where a note is too long.
func roomForNote(size int) []byte {
	if size > maxNoteBytes {
		return nil
	}
	return make([]byte, size)
}
