// Shopify's product CSV: consecutive rows of one Handle are one product.
#include <algorithm>
#include <map>

#include "data/import_run.h"
#include "data/table_file.h"

namespace vitrine::data {
namespace {

class ShopifyRows : public RowReader {
 public:
  ShopifyRows(std::unique_ptr<CellSource> cells, std::vector<Column> columns, ImportRun& run)
      : run_(run), cells_(std::move(cells)), columns_(std::move(columns)) {
    for (size_t i = 0; i < columns_.size(); ++i) places_.try_emplace(fold_name(columns_[i].header), i);
    if (!places_.contains("handle")) throw ImportRefused({run.file(), 1, "Handle", "NO_HEADER", Severity::fatal, "a Shopify table has a column Handle"});
  }

  std::optional<ProductRow> next() override {
    if (!ahead_ && !read_ahead()) return std::nullopt;
    const std::string code = row_problem(row_, columns_.size());
    if (!code.empty()) {
      ahead_ = false;
      return run_.reject(row_.line, "", code, problem_value(row_, code, columns_.size()));
    }
    const std::string handle = cell("handle");
    if (handle.empty()) {
      ahead_ = false;
      return run_.reject(row_.line, "Handle", "MISSING_REQUIRED", cell("title"));
    }
    return product_of(handle);
  }

 private:
  bool read_ahead() { return ahead_ = cells_->next(row_); }

  std::string cell(std::string_view folded_header) const {
    const auto place = places_.find(folded_header);
    return place == places_.end() || place->second >= row_.cells.size() ? "" : trim_space(row_.cells[place->second]);
  }

  /// Takes the rows of one handle, of which the first is there.
  ProductRow product_of(const std::string& handle) {
    RowTarget target;
    target.row = row_.line;
    const std::string title = cell("title"), type = cell("type");
    options_.clear();
    positions_.clear();
    take_first(target);
    do {
      take_options(target);
      take_picture(target);
    } while (read_ahead() && row_problem(row_, columns_.size()).empty() && cell("handle") == handle);
    add_options(target.product);
    if (target.product.category_path.empty() && !type.empty()) take_type(type, target);
    if (title.empty()) return run_.reject(target.row, "Title", "MISSING_REQUIRED", handle, handle);
    return run_.keep(std::move(target));
  }

  void take_first(RowTarget& target) {
    for (size_t i = 0; i < columns_.size(); ++i) {
      const std::string name = fold_name(columns_[i].header);
      const bool elsewhere = name == "imagesrc" || name == "imageposition" || name == "imagealttext" || (name.starts_with("option") && name.size() > 7);
      if (elsewhere || (row_.cells[i].empty() && columns_[i].field.empty())) continue;
      apply_cell(columns_[i], row_.cells[i], target);
    }
  }

  /// The names stand in the first row alone.
  void take_options(RowTarget& target) {
    for (int number = 1; number <= 3; ++number) {
      const std::string name = cell(concat("option", number, "name")), value = cell(concat("option", number, "value"));
      auto& option = options_[number];
      if (!name.empty()) option.first = name;
      bool removed = false;
      const std::string clean = clean_text(value, removed);
      if (removed) target.note(concat("Option", number, " Value"), "CTRL_REMOVED", Severity::repair, shown_removal(value));
      const bool is_new = std::find(option.second.begin(), option.second.end(), clean) == option.second.end();
      if (!clean.empty() && clean != "Default Title" && is_new) option.second.push_back(clean);
    }
  }

  void take_picture(RowTarget& target) {
    const std::string source = cell("imagesrc"), position = cell("imageposition");
    if (source.empty()) return;
    if (!position.empty() && !positions_.insert({position, row_.line}).second)
      target.notes.push_back({"", row_.line, "Image Position", "DUP_POSITION", Severity::warn, position});
    Json& media = target.product.extra["media"];
    Json one = {{"path", source}, {"role", media.empty() ? "main" : "detail"}};
    if (const std::string alt = cell("imagealttext"); !alt.empty()) one["alt"] = alt;
    media.push_back(std::move(one));
  }

  /// The shop's own type is the category where Product Category says none.
  static void take_type(const std::string& type, RowTarget& target) {
    bool removed = false;
    target.product.category_path = {clean_text(type, removed)};
  }

  void add_options(Product& product) const {
    for (const auto& [number, option] : options_) {
      if (option.first.empty()) continue;
      for (const std::string& value : option.second) add_attribute(product, option.first, value);
    }
  }

  ImportRun& run_;
  std::unique_ptr<CellSource> cells_;
  std::vector<Column> columns_;
  std::map<std::string, size_t, std::less<>> places_;  // folded header -> column
  DelimitedRow row_;
  bool ahead_ = false;  // row_ is the next one to be taken
  std::map<int, std::pair<std::string, std::vector<std::string>>> options_;  // number -> name, values
  std::map<std::string, int64_t> positions_;
};

}  // namespace

std::unique_ptr<RowReader> shopify_rows(std::unique_ptr<CellSource> cells, std::vector<Column> columns, ImportRun& run) {
  return std::make_unique<ShopifyRows>(std::move(cells), std::move(columns), run);
}

}  // namespace vitrine::data
