package capture

import (
	"errors"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"
)

// eachEntry visits the entries of a hash table, `room` at a time to begin with. The value is good until the visit ends.
func eachEntry[K, V any](table *ebpf.Map, room int, visit func(K, *V)) error {
	var cursor ebpf.MapBatchCursor
	keys, values := make([]K, room), make([]V, room)
	for {
		n, err := table.BatchLookup(&cursor, keys, values, nil)
		for i := range n {
			visit(keys[i], &values[i])
		}
		switch {
		case errors.Is(err, ebpf.ErrKeyNotExist):
			return nil
		case errors.Is(err, unix.ENOSPC): // a bucket larger than the room
			keys, values = make([]K, 2*len(keys)), make([]V, 2*len(values))
		case err != nil:
			return err
		}
	}
}
