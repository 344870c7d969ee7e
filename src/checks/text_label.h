// checks/text_label.h - the explicit label of a text: which wordings there are, how one is set,
// whether one is there.
//
// A label is only ever added. When a text must be shortened, its body is cut and the label stays.
// Source of the duty: 人工智能生成合成内容标识办法 art. 4(1); docs/labels.md says how it is met.
#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vitrine::checks {

/// The wordings of rules/labels/wordings.tsv. Immutable, any thread.
class LabelWordings {
 public:
  /// Throws NotFound, or InvalidInput naming file, row and wording for one that lacks AI or
  /// 人工智能, or 生成 or 合成; for a wording that stands twice; for a file without rows.
  static LabelWordings load(const std::filesystem::path& file);
  /// The shipped list (resource "rules/labels/wordings.tsv"), read once.
  static const LabelWordings& shipped();

  const std::vector<std::string>& all() const { return wordings_; }
  const std::string& standard() const { return wordings_.front(); }
  /// `wording` itself, the standard one when it is empty. Throws InvalidInput for any other.
  const std::string& allowed(const std::string& wording) const;
  /// The longest wording that `text` holds, full and half width alike; nothing when it holds none.
  std::optional<std::string> find_in(std::string_view text) const;
  /// The text without each place where the wording that find_in gives stands; the text itself when
  /// there is none.
  std::string without(std::string_view text) const;

 private:
  std::vector<std::string> wordings_;
};

enum class LabelPlace { start, end };
/// "start", "end". Throws InvalidInput.
LabelPlace parse_label_place(std::string_view name);

/// How long a text is in the unit of a limit.
using TextLength = size_t (*)(std::string_view utf8);

struct ExplicitLabel {
  std::string wording;  // one of LabelWordings
  LabelPlace place = LabelPlace::end;
  size_t max_length = 0;        // of body and label together; 0 = no limit
  TextLength length = nullptr;  // null = code points
};

/// `body` with the label at its place. A body that is too long is cut behind the last sentence that
/// leaves room for the label, or behind the last clause where that keeps more than twice as much
/// (outside quotes and brackets that stay open; the clause sign becomes a full stop). Nothing when
/// not even the first clause fits. Throws InvalidInput for invalid UTF-8 or an empty body.
std::optional<std::string> with_explicit_label(std::string_view body, const ExplicitLabel& label);

/// Whether texts of this field are too short for a label and rely on the one of their description:
/// title, short_title, alt.
bool is_adjacent_field(std::string_view field);

}  // namespace vitrine::checks
