package mapped

import (
	"os"
	"testing"
)

func TestCodeIsWhatAProcessHasMappedToRun(t *testing.T) {
	files, err := CodeOf(Process{PID: os.Getpid()}, 100)
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files: %v", len(files), err)
	}
	own := files[0]
	part := own.Parts[0]
	if !own.Holds(part.Offset) || !own.Holds(part.Offset+part.Bytes-1) || own.Holds(part.Offset+part.Bytes) || own.Holds(1<<62) {
		t.Errorf("%+v holds too much or too little", own)
	}
	if _, err := CodeOf(Process{PID: os.Getpid(), StartTime: 1}, 100); err == nil {
		t.Error("another process of the same number was looked at")
	}
	if os.Geteuid() == 0 {
		if _, err := CodeOf(Process{PID: os.Getpid(), PeerUID: 64242}, 100); err == nil {
			t.Error("a stranger's peer got to know root's mappings")
		}
	}
	if few, _ := CodeOf(Process{PID: os.Getpid()}, 0); len(few) != 0 {
		t.Errorf("%d files where none was wanted", len(few))
	}
}
