package names

import "testing"

func TestSymbolsReadLikeTheirSource(t *testing.T) {
	for symbol, want := range map[string]string{
		"main":                               "main",
		"memcpy@@GLIBC_2.14":                 "memcpy",
		"work.constprop.0":                   "work",
		"parse.part.3.cold":                  "parse",
		"_ZN2ns5Class6methodEiPKc":           "ns::Class::method",
		"_ZNK2ns5Class3getEv":                "ns::Class::get",
		"_ZNSt6vectorIiSaIiEE9push_backERKi": "std::vector<int>::push_back",
		"_ZSt4sortIN9__gnu_cxx17__normal_iteratorIPiSt6vectorIiSaIiEEEEEvT_S7_": "std::sort<…>",
		"_ZNSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEE9_M_appendEPKcm":  "std::string::_M_append",
		"_Z3addIiET_S0_S0_":                                "add<int>",
		"_ZN12_GLOBAL__N_13runEv":                          "(anonymous)::run",
		"_ZN3FoolsERKS_":                                   "Foo::operator<<",
		"_ZN3FooC2Ev":                                      "Foo::Foo",
		"_ZN3FooD0Ev":                                      "Foo::~Foo",
		"_ZZ4mainENKUliE_clEi":                             "main::{lambda#1}::operator()",
		"_ZNKSt8functionIFviEEclEi":                        "std::function<void (int)>::operator()",
		"_ZN4core3fmt5write17h0123456789abcdefE":           "core::fmt::write",
		"_ZN4core3fmt5write17h0123456789abcdefE.llvm.1234": "core::fmt::write",
		"_ZN4demo4main28_$u7b$$u7b$closure$u7d$$u7d$17h0123456789abcdefE":                            "demo::main::{closure}",
		"_ZN60_$LT$alloc..vec..Vec$LT$T$GT$$u20$as$u20$core..ops..Drop$GT$4drop17h0123456789abcdefE": "alloc::vec::Vec::drop",
		"_ZN44_$LT$$RF$T$u20$as$u20$core..fmt..Display$GT$3fmt17h0123456789abcdefE":                  "T::fmt",
		"_RNvCskwGfYPst2Cb_3foo16example_function":                                                   "foo::example_function",
		"_RINvNtC3std3mem8align_ofdE":                                                                "std::mem::align_of",
	} {
		if got, _ := Readable(symbol); got != want {
			t.Errorf("%s reads %q, want %q", symbol, got, want)
		}
	}
}

func TestGoNamesLoseTheLinkersEscapes(t *testing.T) {
	if got := Go("gopkg.in/yaml%2ev3.(*Decoder).Decode"); got != "gopkg.in/yaml.v3.(*Decoder).Decode" {
		t.Error(got)
	}
}

func FuzzReadable(f *testing.F) {
	for _, seed := range []string{"_ZNSt6vectorIiSaIiEE9push_backERKi", "_RNvCs_3foo1b", "<<<>>><", "_Zoperator<"} {
		f.Add(seed)
	}
	f.Fuzz(func(_ *testing.T, symbol string) {
		Readable(symbol)
		ShortCpp(symbol)
		ShortRust(symbol)
	})
}
