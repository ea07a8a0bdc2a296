package capture

import (
	"fmt"
	"testing"
	"unsafe"
)

func TestJavaMethodsAreNamedByClassAndMethod(t *testing.T) {
	for name, want := range map[string]string{
		"long Main$Inner.work(int, java.lang.String)":              "Main$Inner.work",
		"void org.example.Main.<init>()":                           "org.example.Main.<init>",
		"Main.work":                                                "Main.work",
		"java.lang.invoke.LambdaForm$MH+0x00007f997c003000.invoke": "java.lang.invoke.LambdaForm$MH.invoke",
		"": "",
	} {
		if got := javaMethod(name); got != want {
			t.Errorf("%q is %q, want %q", name, got, want)
		}
	}
}

func TestListsOfProcessors(t *testing.T) {
	for list, want := range map[string]string{"0": "[0]", "0-3": "[0 1 2 3]", "0-1,4,6-7": "[0 1 4 6 7]", "": "[]", "3-1": "[]", "0-x": "[]"} {
		got, err := parseProcessors(list)
		if fmt.Sprint(got) != want && !(err != nil && want == "[]") {
			t.Errorf("%q is %v, want %s", list, got, want)
		}
	}
}

func TestShortOrOddRecordsAreNotBelieved(t *testing.T) {
	if _, ok := decodeTick(make([]byte, unsafe.Sizeof(tickRecord{})-1)); ok {
		t.Error("a short tick was decoded")
	}
	exec := execRecord{lifecycleRecord: lifecycleRecord{Kind: uint32(Executed), PID: 7}, FilenameLength: 1 << 30, ArgumentLength: 1 << 30}
	copy(exec.Filename[:], "/bin/true")
	raw := unsafe.Slice((*byte)(unsafe.Pointer(&exec)), unsafe.Sizeof(exec))
	event, ok := decodeLifecycle(raw)
	if !ok || event.PID != 7 || len(event.Filename) > 256 {
		t.Errorf("got %+v", event)
	}
	if _, ok := decodeLifecycle(raw[:unsafe.Sizeof(lifecycleRecord{})]); ok {
		t.Error("an exec without its text was decoded")
	}
}
