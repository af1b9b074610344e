// libFuzzer's entry; scripts/fuzz builds and runs it.
#include <cstddef>
#include <cstdint>

#include "tests/fuzz/described.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  encamp::test::describe_untrusted({reinterpret_cast<const char*>(data), size});
  return 0;
}
