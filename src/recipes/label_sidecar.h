// recipes/label_sidecar.h - FILE.aigc.json: the implicit labels of a text file, one a text, and
// where its explicit label is. docs/formats/text_label.md describes it.
#pragma once
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "checks/implicit_label.h"
#include "recipes/text_file.h"

namespace vitrine::recipes {

/// explicit_label of a row: the text holds it; its description holds it; it was left out by
/// agreement (办法 art. 9).
inline constexpr const char* kExplicitPresent = "present";
inline constexpr const char* kExplicitAdjacent = "adjacent";
inline constexpr const char* kExplicitByAgreement = "by agreement";

/// What an exported file's reader must do (办法 art. 10(1)).
inline constexpr const char* kPublishReminder =
    "发布时请主动声明内容由人工智能生成，并使用平台提供的标识功能（《人工智能生成合成内容标识办法》"
    "第十条第一款）。";

struct SidecarRow {
  std::string id, field;
  std::string explicit_label;
  std::string described_by;  // of adjacent: "<id>/<field>" of the text that holds the label
  std::string request;       // of by agreement
  checks::ImplicitLabel label;
};

struct Sidecar {
  std::string file, file_sha256;  // name without folders; of the unpacked bytes
  TextFileConfig columns;         // how the file was read
  Json shop_file = nullptr;       // of an export into a shop's file its settings; null = a text file
  std::vector<SidecarRow> rows;
};

std::filesystem::path sidecar_of(const std::filesystem::path& file);

/// Printable ASCII, one row a line.
std::string sidecar_text(const Sidecar& sidecar);
/// A row as it stands there.
std::string sidecar_row(const SidecarRow& row);

/// Writes a sidecar row by row. Call order: (add)* finish.
class SidecarWriter {
 public:
  /// Of `head` its rows are not used.
  SidecarWriter(const Sidecar& head, std::function<void(std::string_view)> out);
  void add(std::string_view row);  // as sidecar_row gives it
  void finish();

 private:
  std::function<void(std::string_view)> out_;
  bool has_rows_ = false;
};

/// Rows by id and field; two rows of one text are two labels.
struct SidecarReading {
  Sidecar sidecar;
  std::multimap<std::pair<std::string, std::string>, size_t> places;  // of sidecar.rows
  std::string problem;  // of the first row whose label is not good; such rows are in `rows` with an
                        // empty produce_id
};
/// Nothing when the file has no sidecar. Throws Corrupt for one that is no sidecar.
std::optional<SidecarReading> read_sidecar(const std::filesystem::path& file);
/// The same from JSON; `where` is the file in messages.
SidecarReading parse_sidecar(const Json& json, const std::string& where);

}  // namespace vitrine::recipes
