package capture

import (
	"bytes"
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// The kinds of bpf/subjects.h.
const (
	subjectNone = iota
	subjectPath
	subjectPipe
	subjectTerminal
	subjectInternet
	subjectUnix
	subjectOtherSocket
	subjectAnonymous // in no folder: an eventfd, an inotify, memory with a name
)

// The keys of all files and of all peers for which there was no room.
const (
	otherFiles uint64 = 1
	otherPeers uint64 = 2
)

const (
	otherFilesName = "[other files]"
	otherPeersName = "[other peers]"
	// firstPassingPort is where Linux begins to give ports to whoever connects.
	firstPassingPort = 32768
)

// nameOf is what a file or peer is called: in brackets, as everything is that is no function.
func nameOf(record *subjectRecord) string {
	switch record.Kind {
	case subjectPath:
		return "[" + pathOf(record) + "]"
	case subjectAnonymous:
		name, _, _ := bytes.Cut(record.Path[:min(int(record.Length), len(record.Path))], []byte{0})
		return "[" + strings.Trim(tidy(string(name)), "[]") + "]"
	case subjectPipe:
		return "[pipe]"
	case subjectTerminal:
		return "[terminal " + pathOf(record) + "]"
	case subjectInternet:
		return "[" + peerOf(record) + "]"
	case subjectUnix:
		return "[" + unixName(record) + "]"
	default:
		return "[other socket]"
	}
}

func pathOf(record *subjectRecord) string {
	text := string(record.Path[:min(int(record.Length), len(record.Path))])
	names := strings.Split(strings.TrimSuffix(text, "\x00"), "\x00")
	if text == "" {
		return "/"
	}
	slices.Reverse(names)
	path := strings.Join(names, "/")
	if record.IsCut != 0 {
		return "…/" + tidy(path)
	}
	return "/" + tidy(path)
}

// tidy leaves nothing in a name that a person could take for something else.
func tidy(name string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return '�'
		}
		return r
	}, strings.ToValidUTF8(name, "�"))
}

func peerOf(record *subjectRecord) string {
	protocol := ""
	if record.IsDatagram != 0 {
		protocol = "udp "
	}
	var address netip.Addr
	switch record.Family {
	case 2:
		address = netip.AddrFrom4([4]byte(record.Address[:4]))
	case 10:
		address = netip.AddrFrom16(record.Address).Unmap()
	}
	port := uint16(record.Port)
	if port == 0 && address.IsUnspecified() {
		return fmt.Sprintf("%sport %d", protocol, record.LocalPort) // not connected
	}
	if port >= firstPassingPort && record.LocalPort != 0 && record.LocalPort < firstPassingPort {
		return fmt.Sprintf("%s%s at port %d", protocol, address, record.LocalPort)
	}
	return protocol + netip.AddrPortFrom(address, port).String()
}

func unixName(record *subjectRecord) string {
	name := record.Path[:min(int(record.Length), 108)]
	if len(name) == 0 {
		return "unix socket"
	}
	if name[0] == 0 {
		return "unix @" + tidy(string(bytes.TrimRight(name[1:], "\x00")))
	}
	path, _, _ := bytes.Cut(name, []byte{0})
	return "unix " + tidy(string(path))
}
