package symbolize

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"flameline.dev/helper/internal/symbolize/cursor"
)

// The wire between the client in `serve` and the symbolizer: frames on a stream, each a length in four bytes and the
// content, all little-endian. A question's descriptors come with its first byte.
//
//	question  id u32 · hasDebug 1, jit 2, allocators 4 u8 · key text16 · splits u8 · splits × (name text16, here u8) · count u32 · count × (address u64, return u8)
//	answer    id u32 · error text16 · texts u32 · texts × text16 · count u32 · count × result · wanted u8 · wanted × text16
//	result    language u8 · resolved 1, bare 2 u8 · positions u8 · positions × (function u32, file u32, line u32, functionLine u32)
//
// A text16 is a length in two bytes and UTF-8; functions and files are indexes into the texts, of which the first is "".
const (
	maxQuestionBytes = 64 << 10
	maxAnswerBytes   = 8 << 20
	maxTextsBytes    = 4 << 20
	maxErrorBytes    = 512
	// chunk is how many addresses go in one question: chunk * MaxPositions positions and the texts fit an answer.
	chunk = 1024
)

var languages = [...]string{"native", "c", "cpp", "rust", "go"}

type question struct {
	id       uint32
	hasDebug bool
	jit      bool
	finds    bool // functions of allocators, by number
	key      string
	splits   []splitName // in the order of their descriptors
	addrs    []Address
}

// splitName is a file with debug information, and whether its descriptor comes along.
type splitName struct {
	name string
	here bool
}

func appendText(b []byte, text string) []byte {
	b = binary.LittleEndian.AppendUint16(b, uint16(len(text)))
	return append(b, text...)
}

func takeText(c *cursor.Cursor, data []byte, limit int) (string, bool) {
	n := uint64(c.U16())
	from := c.Offset()
	c.Skip(n)
	if c.Bad() || n > uint64(limit) {
		return "", false
	}
	return string(data[from : from+n]), true
}

// encode makes a frame, length included.
func (q question) encode() []byte {
	b := make([]byte, 4, 32+len(q.key)+9*len(q.addrs))
	b = binary.LittleEndian.AppendUint32(b, q.id)
	b = append(b, flag(q.hasDebug)|flag(q.jit)<<1|flag(q.finds)<<2)
	b = appendText(b, q.key)
	b = append(b, byte(len(q.splits)))
	for _, s := range q.splits {
		b = append(appendText(b, s.name), flag(s.here))
	}
	b = binary.LittleEndian.AppendUint32(b, uint32(len(q.addrs)))
	for _, a := range q.addrs {
		b = append(binary.LittleEndian.AppendUint64(b, a.Addr), flag(a.Return))
	}
	binary.LittleEndian.PutUint32(b, uint32(len(b)-4))
	return b
}

func flag(set bool) byte {
	if set {
		return 1
	}
	return 0
}

var errBadQuestion = errors.New("malformed question")

func decodeQuestion(data []byte) (question, error) {
	c := cursor.At(data, 0)
	q := question{id: c.U32()}
	flags := c.U8()
	q.hasDebug, q.jit, q.finds = flags&1 != 0, flags&2 != 0, flags&4 != 0
	key, ok := takeText(&c, data, MaxKeyBytes)
	splits := int(c.U8())
	if !ok || splits > MaxSplits {
		return question{}, errBadQuestion
	}
	for range splits {
		name, ok := takeText(&c, data, MaxFileBytes)
		if !ok {
			return question{}, errBadQuestion
		}
		q.splits = append(q.splits, splitName{name, c.U8() != 0})
	}
	count := c.U32()
	if c.Bad() || count > chunk || c.Left() != int(count)*9 {
		return question{}, errBadQuestion
	}
	q.key = key
	q.addrs = make([]Address, count)
	for i := range q.addrs {
		q.addrs[i] = Address{Addr: c.U64(), Return: c.U8() != 0}
	}
	return q, nil
}

// encodeAnswer makes a frame, length included. Texts beyond the limit become "": a symbol table of endless names must not
// stop the rest.
func encodeAnswer(id uint32, results []Result, wanted []string, failure error) []byte {
	texts := map[string]uint32{"": 0}
	list := appendText(nil, "")
	intern := func(text string) uint32 {
		if i, ok := texts[text]; ok {
			return i
		}
		if len(list)+len(text) > maxTextsBytes {
			return 0
		}
		i := uint32(len(texts))
		texts[text] = i
		list = appendText(list, text)
		return i
	}
	var body []byte
	for _, r := range results {
		body = append(body, languageCode(r.Language), flag(r.Resolved)|flag(r.Bare)<<1, byte(len(r.Positions)))
		for _, p := range r.Positions {
			for _, n := range []uint32{intern(p.Function), intern(p.File), uint32(p.Line), uint32(p.FunctionLine)} {
				body = binary.LittleEndian.AppendUint32(body, n)
			}
		}
	}
	why := ""
	if failure != nil {
		why = clean(failure.Error(), maxErrorBytes)
		if why == "" {
			why = "unknown failure"
		}
	}
	b := make([]byte, 4, 64+len(list)+len(body))
	b = binary.LittleEndian.AppendUint32(b, id)
	b = appendText(b, why)
	b = append(binary.LittleEndian.AppendUint32(b, uint32(len(texts))), list...)
	b = append(binary.LittleEndian.AppendUint32(b, uint32(len(results))), body...)
	wanted = wanted[:min(len(wanted), MaxSplits)]
	b = append(b, byte(len(wanted)))
	for _, name := range wanted {
		b = appendText(b, name)
	}
	binary.LittleEndian.PutUint32(b, uint32(len(b)-4))
	return b
}

func languageCode(name string) byte {
	for i, known := range languages {
		if known == name {
			return byte(i)
		}
	}
	return 0
}

// ErrHostile says that an answer broke the rules of the wire: the process that sent it is not to be trusted any more.
var ErrHostile = errors.New("the symbolizer sent a malformed answer")

// refused is what the symbolizer itself said about a file that it could not read.
type refused struct{ why string }

func (r refused) Error() string { return r.why }

// decodeAnswer believes nothing: whoever wrote the file that was parsed may by now be the one who answers.
func decodeAnswer(data []byte, id uint32, count int) ([]Result, []string, error) {
	c := cursor.At(data, 0)
	if got := c.U32(); got != id {
		return nil, nil, fmt.Errorf("%w: answer %d to question %d", ErrHostile, got, id)
	}
	why, ok := takeText(&c, data, maxErrorBytes)
	if !ok || why != clean(why, maxErrorBytes) {
		return nil, nil, fmt.Errorf("%w: bad error text", ErrHostile)
	}
	texts, err := decodeTexts(&c, data)
	if err != nil {
		return nil, nil, err
	}
	if n := c.U32(); c.Bad() || int64(n) != int64(count) {
		return nil, nil, fmt.Errorf("%w: %d results for %d addresses", ErrHostile, n, count)
	}
	results := make([]Result, count)
	for i := range results {
		if results[i], err = decodeResult(&c, texts); err != nil {
			return nil, nil, err
		}
	}
	var wanted []string
	for range min(c.U8(), MaxSplits) {
		name, ok := takeText(&c, data, MaxFileBytes)
		if !ok || !strings.HasPrefix(name, "/") || !isClean(name) {
			return nil, nil, fmt.Errorf("%w: bad name of a wanted file", ErrHostile)
		}
		wanted = append(wanted, name)
	}
	if c.Bad() || c.Left() != 0 {
		return nil, nil, fmt.Errorf("%w: wrong length", ErrHostile)
	}
	if why != "" {
		return results, wanted, refused{why}
	}
	return results, wanted, nil
}

func decodeTexts(c *cursor.Cursor, data []byte) ([]string, error) {
	n := c.U32()
	if c.Bad() || n == 0 || uint64(n)*2 > uint64(c.Left()) || c.Left() > maxAnswerBytes {
		return nil, fmt.Errorf("%w: %d texts", ErrHostile, n)
	}
	texts := make([]string, n)
	for i := range texts {
		text, ok := takeText(c, data, MaxFileBytes)
		if !ok || i == 0 && text != "" || !isClean(text) {
			return nil, fmt.Errorf("%w: bad text %d", ErrHostile, i)
		}
		texts[i] = text
	}
	return texts, nil
}

func decodeResult(c *cursor.Cursor, texts []string) (Result, error) {
	language, flags, positions := c.U8(), c.U8(), c.U8()
	if c.Bad() || int(language) >= len(languages) || flags > 3 || positions > MaxPositions ||
		int(positions)*16 > c.Left() {
		return Result{}, fmt.Errorf("%w: bad result", ErrHostile)
	}
	r := Result{Language: languages[language], Resolved: flags&1 != 0, Bare: flags&2 != 0}
	for range positions {
		function, file, line, first := c.U32(), c.U32(), c.U32(), c.U32()
		if int64(function) >= int64(len(texts)) || int64(file) >= int64(len(texts)) || line > MaxLineNumber ||
			first > MaxLineNumber || len(texts[function]) > MaxNameBytes {
			return Result{}, fmt.Errorf("%w: bad position", ErrHostile)
		}
		r.Positions = append(r.Positions, Position{
			Function: texts[function], File: texts[file], Line: int(line), FunctionLine: int(first),
		})
	}
	if r.Resolved && len(r.Positions) == 0 {
		return Result{}, fmt.Errorf("%w: resolved to nothing", ErrHostile)
	}
	return r, nil
}
