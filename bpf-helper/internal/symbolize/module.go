package symbolize

import (
	"fmt"

	"flameline.dev/helper/internal/symbolize/dwarf"
	"flameline.dev/helper/internal/symbolize/gotable"
	"flameline.dev/helper/internal/symbolize/image"
	"flameline.dev/helper/internal/symbolize/jit"
	"flameline.dev/helper/internal/symbolize/names"
	"flameline.dev/helper/internal/symbolize/position"
	"flameline.dev/helper/internal/symbolize/symtab"
)

// parsed is everything known about one file. Sources are opened when an address needs them.
type parsed struct {
	images []*image.Image
	main   *image.Image
	debug  *image.Image

	jit         *jit.Table // of a process's own code; the rest is nil then
	goTable     *gotable.Table
	debugInfo   *dwarf.Data
	splits      map[string]bool // files with debug information that were taken
	debugOpened bool
	symbols     *symtab.Table
}

// parse reads what is behind the descriptors.
func parse(files opened) (*parsed, error) {
	if files.jit {
		table, err := readJIT(files.file)
		return &parsed{jit: table}, err
	}
	main, err := image.Open(files.file)
	if err != nil {
		return nil, err
	}
	p := &parsed{images: []*image.Image{main}, main: main}
	if files.debug >= 0 {
		if d, err := image.Open(files.debug); err == nil {
			p.images = append(p.images, d)
			// Another build's debug file would give wrong lines with full confidence.
			if id := main.BuildID(); id != "" && id == d.BuildID() {
				p.debug = d
			}
		}
	}
	// A damaged Go table is not the end: symbols and DWARF may still answer.
	p.goTable, _ = gotable.Find(main)
	return p, nil
}

func (p *parsed) close() {
	for _, im := range p.images {
		im.Close()
	}
}

// bytes is the memory that the file's parsed form takes, without the mapped file itself.
func (p *parsed) bytes() int64 {
	var n int64 = 64 << 10
	if p.jit != nil {
		return n + p.jit.Bytes()
	}
	for _, im := range p.images {
		n += im.InflatedBytes()
	}
	if p.debugInfo != nil {
		n += p.debugInfo.Bytes()
	}
	if p.symbols != nil {
		n += p.symbols.Bytes()
	}
	return n
}

// mapped is the address space that the files take.
func (p *parsed) mapped() int64 {
	var n int64
	for _, im := range p.images {
		n += im.MappedBytes()
	}
	return n
}

// lookup asks the best source first: Go's own table, DWARF, symbols.
func (p *parsed) lookup(pc uint64) Result {
	if p.goTable != nil {
		if positions := p.goTable.Lookup(pc); positions != nil {
			return Result{Language: position.Go, Positions: positions, Resolved: true}
		}
	}
	var result Result
	if info := p.dwarf(); info != nil {
		result.Positions, result.Language = info.Lookup(pc)
	}
	last := len(result.Positions) - 1
	if last >= 0 && result.Positions[last].Function != "" {
		result.Resolved = true
		return result
	}
	symbol, _, ok := p.symtab().Find(pc)
	if !ok {
		result.Resolved = last > 0
		if result.Language == "" {
			result.Language = position.Native
		}
		return result
	}
	name, language := names.Readable(symbol)
	if last < 0 {
		result.Positions = []Position{{Function: name}}
	} else {
		result.Positions[last].Function = name
	}
	if result.Language == "" || result.Language == position.Native {
		result.Language = language
	}
	result.Resolved = true
	return result
}

// take takes files that were wanted. A damaged one counts as not to be had.
func (p *parsed) take(files []openedSplit) {
	if len(files) == 0 || p.jit != nil {
		return
	}
	info := p.dwarf()
	if info == nil {
		return
	}
	for _, f := range files {
		if p.splits[f.name] {
			continue
		}
		if p.splits == nil {
			p.splits = map[string]bool{}
		}
		p.splits[f.name] = true
		im := openSplit(f.fd)
		if im != nil {
			p.images = append(p.images, im)
		}
		if f.name != PackageName {
			info.Split(f.name, im)
		} else if im != nil {
			info.Package(im)
		}
	}
}

// openSplit gives nil for what is no ELF file.
func openSplit(fd int) (im *image.Image) {
	defer func() {
		if recover() != nil {
			im = nil
		}
	}()
	if fd < 0 {
		return nil
	}
	im, err := image.Open(fd)
	if err != nil {
		return nil
	}
	return im
}

func (p *parsed) wanted() []string {
	if p.debugInfo == nil {
		return nil
	}
	return p.debugInfo.TakeWanted()
}

func (p *parsed) dwarf() *dwarf.Data {
	if !p.debugOpened {
		p.debugOpened = true
		for _, im := range []*image.Image{p.main, p.debug} {
			if im == nil {
				continue
			}
			if info, err := dwarf.Open(im, p.main.Executable); err == nil && info != nil {
				p.debugInfo = info
				break
			}
		}
	}
	return p.debugInfo
}

func (p *parsed) symtab() *symtab.Table {
	if p.symbols == nil {
		mini, _ := p.main.MiniDebug()
		if mini != nil {
			p.images = append(p.images, mini)
		}
		p.symbols = symtab.Read(p.main, p.debug, mini)
	}
	return p.symbols
}

// answer looks up one address; a fault in the parser, or a file that shrinks while it is read, costs this address only.
func (p *parsed) answer(address Address) (result Result, err error) {
	defer func() {
		if r := recover(); r != nil {
			result, err = Result{Language: position.Native}, fmt.Errorf("parser fault at %#x: %v", address.Addr, r)
		}
	}()
	pc := address.Addr
	if address.Return && pc > 0 {
		pc--
	}
	if p.jit != nil {
		positions := p.jit.Lookup(pc)
		return tidy(Result{Language: position.Native, Positions: positions, Resolved: positions != nil}), nil
	}
	result = tidy(p.lookup(pc))
	result.Bare = p.goTable == nil && p.dwarf() == nil
	return result, nil
}
