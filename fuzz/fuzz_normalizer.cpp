// normalize_for_checks on any code points: every character knows where it came from.
#include "checks/normalized_text.h"
#include "fuzz.h"

namespace {

void check_mapping(const vitrine::checks::MappedText& mapped, size_t size) {
  FUZZ_CHECK(mapped.begins.size() == mapped.text.size() &&
             mapped.ends.size() == mapped.text.size());
  for (size_t at = 0; at < mapped.text.size(); ++at) {
    FUZZ_CHECK(mapped.begins[at] < mapped.ends[at] && mapped.ends[at] <= size);
    FUZZ_CHECK(at == 0 || (mapped.begins[at - 1] <= mapped.begins[at] &&
                           mapped.ends[at - 1] <= mapped.ends[at]));
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::u32string text = vitrine::fuzz::code_points_of(data, size);
  const auto normalized = vitrine::checks::normalize_for_checks(text);
  FUZZ_CHECK(normalized.original == text);
  FUZZ_CHECK(normalized.folded.size() == text.size());
  check_mapping(normalized.normal, text.size());
  check_mapping(normalized.compact, text.size());
  FUZZ_CHECK(normalized.normal.text.size() <= 18 * text.size());  // the longest NFKC form has 18
  const auto again = vitrine::checks::without_separators(normalized.normal);
  check_mapping(again, text.size());
  return 0;
}
