// A shop's file with all its rows in memory: what tests ask and change in any order.
#pragma once
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "data/shop_file.h"

namespace vitrine::test {

class WholeShopFile {
 public:
  struct Row {
    int64_t row = 0;
    data::Product product;
    std::string lasting_id;
  };

  static WholeShopFile read_from(std::string bytes, std::string_view name,
                                 const data::ShopFileConfig& config = {}) {
    return WholeShopFile(data::ShopFile::in_memory(std::move(bytes), name, config));
  }

  /// Rows that texts can go into.
  const std::vector<Row>& rows() const { return rows_; }
  int64_t rows_rejected() const { return rows_rejected_; }
  const std::string& format() const { return file_.format(); }
  std::string kind() const { return file_.kind(); }
  std::string encoding() const { return file_.encoding(); }
  const std::string& sha256() const { return file_.sha256(); }
  bool has_field(std::string_view field) const { return file_.has_field(field); }
  std::vector<std::string> fields() const { return file_.fields(); }
  std::string column_of(std::string_view field) const { return file_.column_of(field); }
  bool is_html(std::string_view field) const { return file_.is_html(field); }
  std::string stored_form(std::string_view field, std::string_view plain) const {
    return file_.stored_form(field, plain);
  }
  bool is_blank(size_t row, std::string_view field) const {
    return file_.is_blank(places_[row], field);
  }
  bool is_fixed(size_t row, std::string_view field) const {
    return file_.is_fixed(places_[row], field);
  }

  std::string text(size_t row, std::string_view field) const {
    const auto changed = changed_.find({places_[row].place_idx, std::string(field)});
    return changed == changed_.end() ? file_.text(places_[row], field) : changed->second.stored;
  }
  void set(size_t row, std::string_view field, std::string stored) {
    changed_[{places_[row].place_idx, std::string(field)}] =
        file_.place(places_[row], field, std::move(stored));
  }

  std::string bytes() const {
    std::vector<size_t> field_idxs;
    const auto names = file_.fields();
    for (size_t i = 0; i < names.size(); ++i) {
      for (const auto& [place, text] : changed_) {
        if (text.field_idx != i) continue;
        field_idxs.push_back(i);
        break;
      }
    }
    auto next = changed_.begin();
    std::string bytes;
    file_.write(
        field_idxs,
        [&]() -> std::optional<data::ShopText> {
          return next == changed_.end() ? std::nullopt : std::optional((next++)->second);
        },
        [&](std::string_view piece) { bytes += piece; });
    return bytes;
  }

 private:
  explicit WholeShopFile(data::ShopFile file) : file_(std::move(file)) {
    while (auto row = file_.next()) {
      rows_rejected_ += !row->product;
      if (!row->places) continue;
      rows_.push_back({row->row, *row->product, row->lasting_id});
      places_.push_back(std::move(*row));
    }
  }

  data::ShopFile file_;
  std::vector<Row> rows_;
  std::vector<data::ShopRow> places_;
  std::map<std::pair<int64_t, std::string>, data::ShopText> changed_;
  int64_t rows_rejected_ = 0;
};

}  // namespace vitrine::test
