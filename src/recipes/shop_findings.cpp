#include "recipes/shop_findings.h"

#include "base/json.h"

namespace vitrine::recipes {

ShopFindings::ShopFindings(const std::string& rejects) {
  if (!rejects.empty()) list_.emplace(rejects);
}

void ShopFindings::add(const data::ImportEntry& finding) {
  summary_.add(finding);
  if (list_) list_->write(dump_line(data::to_json(finding)) + "\n");
}

void ShopFindings::add_file_findings(const data::ShopFile& file) {
  const auto& findings = file.file_findings();
  for (; num_file_findings_ < findings.size(); ++num_file_findings_)
    add(findings[num_file_findings_]);
}

void ShopFindings::add(const data::ShopFile& file, const data::ShopRow& row) {
  if (rows_in_ == 0) add_file_findings(file);
  ++rows_in_;
  rows_rejected_ += !row.product;
  for (const data::ImportEntry& finding : row.findings) add(finding);
}

void ShopFindings::finish(const data::ShopFile& file) {
  add_file_findings(file);
  if (list_) list_->commit();
}

void ShopFindings::refuse(const data::ImportRefused& refused) {
  add(data::with_short_value(refused.entry()));
  if (list_) list_->commit();
}

}  // namespace vitrine::recipes
