#include "recipes/tagger_vocabulary.h"

#include <algorithm>
#include <array>
#include <map>
#include <sstream>

#include "base/file.h"
#include "base/json.h"
#include "base/resource.h"
#include "data/table_file.h"
#include "text/utf8.h"

namespace vitrine::recipes {
namespace {

constexpr std::array<std::string_view, 7> kSpecial = {
    "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "[unused1]", "[unused2]"};

class CharacterCounts {
 public:
  void add(std::string_view utf8, int times = 1) {
    for (const char32_t c : text::to_utf32(utf8)) counts_[c] += times;
  }
  int of(char32_t c) const {
    const auto found = counts_.find(c);
    return found == counts_.end() ? 0 : found->second;
  }

 private:
  std::map<char32_t, int> counts_;
};

bool is_kept(const std::string& token, const CharacterCounts& counts, int min_frequency) {
  if (std::find(kSpecial.begin(), kSpecial.end(), token) != kSpecial.end()) return true;
  const std::u32string text = text::to_utf32(token);
  if (text.size() == 3 && token.starts_with("##")) {
    return (text[2] >= U'a' && text[2] <= U'z') || (text[2] >= U'0' && text[2] <= U'9');
  }
  return text.size() == 1 && (text[0] < 0x80 || counts.of(text[0]) >= min_frequency);
}

}  // namespace

void write_tagger_vocabulary(const std::filesystem::path& directory,
                             const std::vector<data::Product>& products,
                             const std::filesystem::path& value_table, int min_frequency) {
  CharacterCounts counts;
  counts.add("：", min_frequency);  // between key and value
  for (const auto& product : products) {
    counts.add(product.summary);
    for (const auto& attribute : product.attributes) counts.add(attribute.key + attribute.val);
  }
  for (const auto& row : data::read_table(value_table, {"key", "value", "count"})) {
    counts.add(row.cells[0] + row.cells[1], min_frequency);
  }
  const auto synonyms = resource_path("rules/normalization/values.tsv");
  for (const auto& row : data::read_table(synonyms, {"key", "value", "synonym"})) {
    counts.add(row.cells[1] + row.cells[2], min_frequency);
  }
  std::istringstream base(read_file(resource_path("data/vocab/bert-chinese/vocab.txt")));
  std::string kept;
  for (std::string token; std::getline(base, token);) {
    if (is_kept(token, counts, min_frequency)) kept += token + "\n";
  }
  write_file_atomic(directory / "vocab.txt", kept);
  const Json config{{"do_lower_case", true}, {"tokenizer_class", "BertTokenizer"}};
  write_file_atomic(directory / "tokenizer_config.json", dump_pretty(config));
}

}  // namespace vitrine::recipes
