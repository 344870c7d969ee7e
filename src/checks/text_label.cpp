#include "checks/text_label.h"

#include <algorithm>

#include "base/error.h"
#include "base/resource.h"
#include "checks/lexicon.h"
#include "checks/tsv_rules.h"
#include "text/utf8.h"

namespace vitrine::checks {
namespace {

constexpr std::u32string_view kSentenceEnds = U"。！？!?…\n";
constexpr std::u32string_view kClauseEnds = U"，,；;";
constexpr std::u32string_view kOpening = U"“‘（(《【「『[";
constexpr std::u32string_view kClosing = U"”’）)》】」』]";

bool holds(std::u32string_view text, std::u32string_view word) {
  return text.find(word) != text.npos;
}

bool is_lawful(std::string_view wording) {
  const std::u32string text = fold(text::to_utf32(wording));
  return (holds(text, U"ai") || holds(text, U"人工智能")) &&
         (holds(text, U"生成") || holds(text, U"合成"));
}

size_t measure(const ExplicitLabel& label, std::string_view text) {
  return label.length == nullptr ? text::count_code_points(text) : label.length(text);
}

/// Places behind a sentence or clause sign, outside quotes and brackets, in order.
std::vector<size_t> boundaries_of(std::u32string_view body) {
  std::vector<size_t> boundaries;
  int open = 0;
  for (size_t i = 0; i < body.size(); ++i) {
    if (holds(kOpening, body.substr(i, 1))) ++open;
    if (holds(kClosing, body.substr(i, 1))) open = std::max(0, open - 1);
    const bool sign =
        holds(kSentenceEnds, body.substr(i, 1)) || holds(kClauseEnds, body.substr(i, 1));
    const bool inside_number =
        i > 0 && i + 1 < body.size() && body[i] == U',' && body[i - 1] < 128 && body[i + 1] < 128;
    if (sign && open == 0 && !inside_number) boundaries.push_back(i + 1);
  }
  return boundaries;
}

std::string first_clauses(std::u32string_view body, size_t end) {
  std::u32string kept(body.substr(0, end));
  if (holds(kClauseEnds, kept.substr(kept.size() - 1))) kept.back() = U'。';
  return text::to_utf8(kept);
}

std::string joined(std::string_view body, const ExplicitLabel& label) {
  return label.place == LabelPlace::end ? concat(body, label.wording) : concat(label.wording, body);
}

}  // namespace

LabelWordings LabelWordings::load(const std::filesystem::path& file) {
  LabelWordings result;
  for (const RuleRow& row : read_rule_file(file).rows) {
    const std::string& wording = row.at("wording");
    VITRINE_REQUIRE(!wording.empty() && text::is_valid_utf8(wording) && is_lawful(wording),
                    "[LabelWordings] ", file.string(), " line ", row.line,
                    ": expected a wording with AI or 人工智能 and with 生成 or 合成, got '",
                    wording, "'");
    const bool twice = std::find(result.wordings_.begin(), result.wordings_.end(), wording) !=
                       result.wordings_.end();
    VITRINE_REQUIRE(!twice, "[LabelWordings] ", file.string(), " line ", row.line, ": ", wording,
                    " stands there twice");
    result.wordings_.push_back(wording);
  }
  VITRINE_REQUIRE(!result.wordings_.empty(), "[LabelWordings] ", file.string(),
                  ": expected at least one wording");
  return result;
}

const LabelWordings& LabelWordings::shipped() {
  static const LabelWordings wordings = load(resource_path("rules/labels/wordings.tsv"));
  return wordings;
}

const std::string& LabelWordings::allowed(const std::string& wording) const {
  if (wording.empty()) return standard();
  const auto found = std::find(wordings_.begin(), wordings_.end(), wording);
  if (found != wordings_.end()) return *found;
  std::string known;
  for (const auto& one : wordings_) known += (known.empty() ? "" : ", ") + one;
  throw InvalidInput(concat("[LabelWordings] wording: expected one of ", known, ", got ", wording));
}

std::optional<std::string> LabelWordings::find_in(std::string_view text) const {
  if (!text::is_valid_utf8(text)) return std::nullopt;
  const std::u32string folded = fold(text::to_utf32(text));
  const std::string* longest = nullptr;
  for (const std::string& wording : wordings_) {
    if (!holds(folded, fold(text::to_utf32(wording)))) continue;
    if (longest == nullptr || wording.size() > longest->size()) longest = &wording;
  }
  return longest == nullptr ? std::nullopt : std::optional(*longest);
}

std::string LabelWordings::without(std::string_view text) const {
  const auto wording = find_in(text);
  if (!wording) return std::string(text);
  std::u32string wide = text::to_utf32(text);
  const std::u32string sought = fold(text::to_utf32(*wording));
  for (size_t at = 0; at + sought.size() <= wide.size();) {
    if (fold(wide.substr(at, sought.size())) == sought)
      wide.erase(at, sought.size());
    else
      ++at;
  }
  return text::to_utf8(wide);
}

LabelPlace parse_label_place(std::string_view name) {
  VITRINE_REQUIRE(name == "start" || name == "end",
                  "[parse_label_place] expected start or end, got ", name);
  return name == "start" ? LabelPlace::start : LabelPlace::end;
}

std::optional<std::string> with_explicit_label(std::string_view body, const ExplicitLabel& label) {
  VITRINE_REQUIRE(!body.empty(), "[with_explicit_label] body: expected a text, got an empty one");
  const std::u32string wide = text::to_utf32(body);
  const std::string whole = joined(body, label);
  if (label.max_length == 0 || measure(label, whole) <= label.max_length) return whole;
  size_t clause = 0, sentence = 0;  // the longest beginnings that leave room
  for (const size_t end : boundaries_of(wide)) {
    if (measure(label, joined(first_clauses(wide, end), label)) > label.max_length) break;
    clause = end;
    if (holds(kSentenceEnds, wide.substr(end - 1, 1))) sentence = end;
  }
  if (clause == 0) return std::nullopt;
  // A whole sentence reads better, unless it loses more than half of what fits.
  return joined(first_clauses(wide, 2 * sentence >= clause ? sentence : clause), label);
}

bool is_adjacent_field(std::string_view field) {
  return field == "title" || field == "short_title" || field == "alt";
}

}  // namespace vitrine::checks
