package tracer

// This file is added to the engine's package by build.sh.

// mapEntries are our sizes of the engine's preallocated maps. Its own are for a server on which everything is recorded
// and took 46 MB; these take 16 MB. What does not fit is unwound only as far as it is known, and counted as broken.
var mapEntries = map[string]uint32{
	"stack_delta_page_to_info": 1 << 15, // 64 KiB of code each: 2 GiB of different code
	"pid_events":               1 << 13, // processes to look at, emptied at least once a second
	"reported_pids":            1 << 13, // the latest of them; an older one is looked at again
}

// filesPerBucket bounds the files with unwind tables of one size; there are 16 sizes.
const filesPerBucket = 1 << 14

// withOurSizes changes the sizes that the engine has chosen and goes on where it stood.
func withOurSizes(sizes map[string]uint32) bool {
	for name := range sizes {
		if len(name) > len("exe_id_to_") && name[:len("exe_id_to_")] == "exe_id_to_" {
			sizes[name] = filesPerBucket
		}
	}
	for name, entries := range mapEntries {
		sizes[name] = entries
	}
	return probeNoPrealloc()
}
