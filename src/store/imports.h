// store/imports.h - uploaded tables, before and after their rows become products.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "store/of_shop.h"
#include "store/page.h"

namespace vitrine::store {

enum class ImportState { preview, imported };
template <>
struct EnumWords<ImportState> {
  static constexpr std::string_view words[] = {"preview", "imported"};
};

enum class Severity { fatal, reject, warn, repair };
template <>
struct EnumWords<Severity> {
  static constexpr std::string_view words[] = {"fatal", "reject", "warn", "repair"};
};

struct Import {
  std::string id, user_id;
  std::string file;       // name as uploaded
  std::string stored_as;  // where the server keeps the bytes
  int64_t size_bytes = 0;
  ImportState state = ImportState::preview;
  std::string format, encoding, sheet;
  std::string header_sha256;  // of the columns' names: what a mapping by hand is remembered for
  Document mapping;           // header to target, as set by hand
  Document preview;           // columns, sheets, counts, sample: whatever the answer shows
  int64_t rows = 0, kept = 0, rejected = 0;
  UtcMillis created_at{};
};

/// What was found in a row.
struct Finding {
  int64_t row = 0;  // from 1
  std::string column, code;
  Severity severity = Severity::warn;
  std::string value;
  std::string product_id;  // empty = the row has none
};

class Imports : public OfShop {
 public:
  using OfShop::OfShop;

  /// With what was found in its rows, in their order.
  void add(const Import& import, const std::vector<Finding>& findings);
  std::optional<Import> find(const std::string& id);
  /// How it is read now: sheet, mapping, preview, counts and findings; false when there is none or
  /// its rows are products already.
  bool change(const Import& import, const std::vector<Finding>& findings);
  bool set_imported(const std::string& id);
  Page<Finding> findings(const std::string& id, const PageRequest& request);
  /// Previews made before `before`, with their findings; where the bytes of each one lie.
  std::vector<std::string> remove_previews(UtcMillis before);

  /// The mapping by hand for files of this header; empty = none.
  Document mapping_for(const std::string& header_sha256);
  void remember_mapping(const std::string& header_sha256, const Document& mapping, UtcMillis now);

 private:
  void add_findings(const std::string& id, const std::vector<Finding>& findings);
};

}  // namespace vitrine::store
