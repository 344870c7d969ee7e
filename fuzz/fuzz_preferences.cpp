// Files of ranked lists and pairs in any dialect: a report or a refusal; what was read comes back whole from every dialect that can hold it.
// The first byte chooses the name and the entry of dataset_info.json.
#include <string>
#include <string_view>

#include "base/error.h"
#include "data/import.h"
#include "data/preference_file.h"
#include "fuzz.h"

namespace {

using namespace vitrine;

void check_way_back(const std::vector<data::RankedList>& lists) {
  const std::string own = data::to_own_lines(lists);
  FUZZ_CHECK(data::to_own_lines(data::read_preferences_from(own, "own.jsonl").lists) == own);
  const bool has_pair = std::any_of(lists.begin(), lists.end(), [](const data::RankedList& list) { return !data::pairs_of(list).empty(); });
  if (!has_pair) return;
  FUZZ_CHECK(data::to_own_lines(data::read_preferences_from(data::to_trl_lines(lists), "trl.jsonl").lists) == own);
  FUZZ_CHECK(data::to_own_lines(data::read_preferences_from(data::to_llama_factory_lines(lists), "lf.jsonl").lists) == own);
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Json entry = data[0] % 3 == 1 ? Json{{"ranking", true}, {"columns", {{"prompt", "q"}, {"chosen", "c"}, {"rejected", "r"}}}} : Json();
  try {
    const auto file = data::read_preferences_from(bytes, data[0] % 2 == 0 ? "a.jsonl" : "a.json", {}, entry);
    FUZZ_CHECK(file.report.rows_in == file.report.rows_kept + file.report.rows_rejected);
    check_way_back(file.lists);
  } catch (const InternalError& bug) {
    std::fprintf(stderr, "%s\n", bug.what());
    FUZZ_CHECK(false);
  } catch (const Error&) {  // refused
  }
  return 0;
}
