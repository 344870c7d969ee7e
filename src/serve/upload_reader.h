// serve/upload_reader.h - an uploaded table read as its columns are mapped now: for the preview, and
// row by row when it becomes products.
#pragma once
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/normalization.h"
#include "data/product_reader.h"
#include "store/imports.h"

namespace vitrine::serve {

/// What a column can become (ImportTarget of the API).
inline constexpr std::string_view kImportTargets[] = {
    "id",      "title",   "category",    "brand",      "price",        "currency", "description",
    "summary", "attributes", "gtin",     "sku",        "media_main",   "media_detail", "sales",
    "reviews", "favorites", "impressions", "clicks",   "copy_style",   "locale",   "attribute",
    "kept",    "ignored"};

using TargetByHeader = std::map<std::string, std::string>;

/// How an upload is to be read.
struct UploadForm {
  std::filesystem::path path;
  std::string file_name;  // as the client calls it
  std::string sheet;      // empty = the first one
  TargetByHeader map;     // by hand
  std::string licence;
};

/// The same for the readers of the data room.
data::ImportConfig reader_config(const UploadForm& form);

/// Call order: (next)*. Throws as data::ProductReader; messages name the client's file.
class UploadReader {
 public:
  explicit UploadReader(const UploadForm& form);

  /// Records name the client's file; columns that are ignored are not in them.
  std::optional<data::ProductRow> next();
  const data::ProductReader& reader() const { return reader_; }

 private:
  void rename(data::ImportEntry& finding) const;

  std::string file_name_;
  std::vector<std::string> ignored_;
  data::ProductReader reader_;
};

/// Everything about an upload but its ids: preview, counts, header, findings (the first 10,000).
/// Products of the sample are normalised. Throws as UploadReader.
struct UploadPreview {
  store::Import import;
  std::vector<store::Finding> findings;
};
UploadPreview preview_upload(const UploadForm& form, const data::AttributeNormalizer& normalizer);

/// The column headers alone. Throws as UploadReader.
std::vector<std::string> headers_of_upload(const UploadForm& form);

}  // namespace vitrine::serve
