#include "copywriting/template_bank.h"

#include <algorithm>
#include <functional>

#include "base/error.h"
#include "base/file.h"
#include "base/resource.h"
#include "copywriting/subject.h"
#include "text/utf8.h"

namespace vitrine::copywriting {
namespace {

using Cells = std::vector<std::string>;

Cells split(std::string_view line, char separator) {
  Cells cells;
  for (size_t begin = 0; begin <= line.size();) {
    const size_t end = std::min(line.find(separator, begin), line.size());
    cells.emplace_back(line.substr(begin, end - begin));
    begin = end + 1;
  }
  return cells;
}

[[noreturn]] void refuse(const std::string& where, std::string_view field, std::string_view problem, std::string_view value) {
  throw Corrupt(concat("[TemplateBank] ", where, ": ", field, ": ", problem, ", got \"", value, "\""));
}

/// Calls `add` for each row below the header; lines that start with # and empty ones are left out.
void read_table(const std::filesystem::path& file, std::string_view header,
                const std::function<void(const Cells&, const std::string&)>& add) {
  const Cells lines = split(read_file(file), '\n');
  const Cells names = split(header, ' ');
  bool in_rows = false;
  for (size_t i = 0; i < lines.size(); ++i) {
    if (lines[i].empty() || lines[i][0] == '#') continue;
    const std::string where = concat(file.string(), " row ", i + 1);
    const Cells cells = split(lines[i], '\t');
    if (cells.size() != names.size()) refuse(where, "row", concat("expected ", names.size(), " cells"), lines[i]);
    if (!in_rows && cells != names) refuse(where, "header", concat("expected ", header), lines[i]);
    if (in_rows) add(cells, where);
    in_rows = true;
  }
  if (!in_rows) refuse(file.string(), "header", concat("expected ", header), "");
}

void require_cell(const std::string& cell, std::string_view field, const std::string& where) {
  if (cell.empty()) refuse(where, field, "expected a value", cell);
  if (!text::is_valid_utf8(cell)) refuse(where, field, "expected UTF-8", cell);
}

PhraseForm parse_form(const std::string& text, const std::string& where) {
  static const std::map<std::string, PhraseForm> forms{{"adj", PhraseForm::adjective}, {"clause", PhraseForm::clause},
                                                       {"tail", PhraseForm::tail},     {"closing", PhraseForm::closing},
                                                       {"finale", PhraseForm::finale}};
  const auto found = forms.find(text);
  if (found == forms.end()) refuse(where, "form", "expected adj, clause, tail, closing or finale", text);
  return found->second;
}

bool starts_with_one_of(const std::string& value, std::string_view letters) {
  if (value.empty()) return false;
  return text::to_utf32(letters).find(text::to_utf32(value)[0]) != std::u32string::npos;
}

bool is_bare_number(const std::string& value) {
  return !value.empty() && value.find_first_not_of("0123456789.-") == std::string::npos;
}

}  // namespace

bool TemplateBank::is_key_slot(const std::string& slot) {
  static const Cells parts{"这", "前饰", "主体", "统称", "标题", "其余", "收尾", "尾句"};
  return std::find(parts.begin(), parts.end(), slot) == parts.end();
}

bool Phrase::fits(const std::vector<std::string>& values) const {
  if (when == "any") return true;
  if (when == "one") return values.size() == 1;
  if (when == "many") return values.size() > 1;
  if (when == "number") return std::all_of(values.begin(), values.end(), is_bare_number);
  const bool starts = std::any_of(values.begin(), values.end(),
                                  [&](const std::string& v) { return starts_with_one_of(v, when.substr(1)); });
  return when[0] == '^' ? starts : !starts;
}

TemplateBank TemplateBank::load() { return load(resource_path("rules/templates")); }

TemplateBank TemplateBank::load(const std::filesystem::path& folder) {
  TemplateBank bank;
  auto adder = [&](auto member) {
    return [&bank, member](const Cells& cells, const std::string& where) { (bank.*member)(cells, where); };
  };
  read_table(folder / "categories.tsv", "category parent words this noun", adder(&TemplateBank::add_category));
  read_table(folder / "plans.tsv", "category plan first second third last", adder(&TemplateBank::add_plan));
  for (const char* file : {"clothes.tsv", "homestay.tsv", "goods.tsv"}) {
    read_table(folder / file, "category key form when text", adder(&TemplateBank::add_phrase));
  }
  read_table(folder / "values.tsv", "key value form text", adder(&TemplateBank::add_value));
  bank.validate(folder);
  return bank;
}

void TemplateBank::add_category(const Cells& cells, const std::string& where) {
  for (const size_t i : {0, 2, 3, 4}) require_cell(cells[i], Cells{"category", "", "words", "this", "noun"}[i], where);
  categories_.push_back({cells[0], cells[1] == "-" ? "" : cells[1], split(cells[2], ','), split(cells[3], ','), cells[4]});
}

void TemplateBank::add_plan(const Cells& cells, const std::string& where) {
  SentencePlan plan;
  plan.name = cells[1];
  TemplatePattern* patterns[] = {&plan.first, &plan.second, &plan.third, &plan.last};
  for (size_t i = 0; i < 4; ++i) {
    const std::string field = concat(where, " ", Cells{"first", "second", "third", "last"}[i]);
    require_cell(cells[i + 2], "pattern", field);
    *patterns[i] = TemplatePattern::parse(cells[i + 2], field);
    const auto& slots = patterns[i]->slots();
    for (const std::string& slot : slots) {
      const auto& required = patterns[i]->required();
      const bool at_home = i == 0 && std::find(required.begin(), required.end(), slot) != required.end();
      if (is_key_slot(slot) && !at_home) refuse(field, "slots", "expected slots of keys in first and outside of []", slot);
    }
    if (std::find(slots.begin(), slots.end(), "其余") == slots.end()) refuse(field, "slots", "expected {其余}", cells[i + 2]);
  }
  const auto& opening = plan.first.required();
  if (std::find(opening.begin(), opening.end(), "主体") == opening.end()) refuse(where, "first", "expected {主体}", cells[2]);
  plans_[cells[0]].push_back(std::move(plan));
}

void TemplateBank::add_phrase(const Cells& cells, const std::string& where) {
  require_cell(cells[4], "text", where);
  const std::string& when = cells[3];
  const bool letters = when.size() > 1 && (when[0] == '^' || when[0] == '!');
  if (!letters && when != "any" && when != "one" && when != "many" && when != "number") {
    refuse(where, "when", "expected any, one, many, number, ^letters or !letters", when);
  }
  const PhraseForm form = parse_form(cells[2], where);
  const bool takes_value = form == PhraseForm::adjective || form == PhraseForm::clause;
  if (takes_value != (cells[4].find("{v}") != std::string::npos)) {
    refuse(where, "text", takes_value ? "expected {v}" : "expected no {v}", cells[4]);
  }
  phrases_[{cells[0], cells[1]}].push_back({form, when, cells[4]});
}

void TemplateBank::add_value(const Cells& cells, const std::string& where) {
  ValuePhrases& entry = values_[{cells[0], cells[1]}];
  if (cells[2] == "no_adj") {
    entry.no_adjective = true;
    return;
  }
  if (cells[3].find(cells[1]) == std::string::npos) refuse(where, "text", concat("expected it to hold ", cells[1]), cells[3]);
  if (cells[2] == "word") entry.word = cells[3];
  else if (cells[2] == "clause") entry.clauses.push_back(cells[3]);
  else if (cells[2] == "adj") entry.adjectives.push_back(cells[3]);
  else refuse(where, "form", "expected word, clause, adj or no_adj", cells[2]);
}

void TemplateBank::validate(const std::filesystem::path& folder) const {
  if (categories_.empty() || categories_.back().words != Cells{"*"}) {
    refuse((folder / "categories.tsv").string(), "words", "expected * in the last row", categories_.empty() ? "" : categories_.back().name);
  }
  for (const TemplateCategory& c : categories_) {
    if (!plans_.contains(c.name)) refuse((folder / "plans.tsv").string(), "category", "expected a plan for each category", c.name);
    if (phrases(c, "*", PhraseForm::clause).empty()) {
      refuse(folder.string(), "phrases", "expected a clause with the key * for each category", c.name);
    }
    // A plan must say any product: one without required slots of keys or of clauses.
    const auto& list = plans_.at(c.name);
    const bool has_plain = std::any_of(list.begin(), list.end(), [](const SentencePlan& p) {
      return std::all_of(p.first.required().begin(), p.first.required().end(),
                         [](const std::string& slot) { return !is_key_slot(slot) && slot != "其余"; });
    });
    if (!has_plain) refuse((folder / "plans.tsv").string(), "first", "expected a plan with optional {其余}", c.name);
  }
}

const TemplateCategory& TemplateBank::category_of(const data::Product& product) const {
  Cells names = product.category_path;
  for (const data::Attribute& a : product.attributes) {
    if (a.key == "类型") names.insert(names.begin(), a.val);
  }
  names.push_back(find_subject(product).value);
  for (const TemplateCategory& category : categories_) {
    for (const std::string& word : category.words) {
      const auto holds = [&](const std::string& name) { return name.find(word) != std::string::npos; };
      if (word == "*" || std::any_of(names.begin(), names.end(), holds)) return category;
    }
  }
  throw InternalError("[TemplateBank] no category for a product though the last row is *");
}

const std::vector<SentencePlan>& TemplateBank::plans(const std::string& category) const {
  const auto found = plans_.find(category);
  VITRINE_REQUIRE(found != plans_.end(), "[TemplateBank] category: expected one of categories.tsv, got ", category);
  return found->second;
}

std::vector<const Phrase*> TemplateBank::phrases(const TemplateCategory& category, const std::string& key,
                                                 PhraseForm form) const {
  std::vector<const Phrase*> out;
  for (const std::string& name : {category.name, category.parent}) {
    const auto found = phrases_.find({name, key});
    if (found == phrases_.end()) continue;
    for (const Phrase& phrase : found->second) {
      if (phrase.form == form) out.push_back(&phrase);
    }
    if (!out.empty()) break;
  }
  return out;
}

const ValuePhrases* TemplateBank::value_phrases(const std::string& key, const std::string& value) const {
  const auto found = values_.find({key, value});
  return found == values_.end() ? nullptr : &found->second;
}

std::vector<std::pair<std::string, std::string>> TemplateBank::fixed_texts() const {
  std::vector<std::pair<std::string, std::string>> out;
  for (const auto& [category, list] : plans_) {
    for (const SentencePlan& p : list) {
      for (const TemplatePattern* pattern : {&p.first, &p.second, &p.third, &p.last}) {
        out.emplace_back(category + "/" + p.name, pattern->fixed_text());
      }
    }
  }
  for (const auto& [place, list] : phrases_) {
    for (const Phrase& phrase : list) out.emplace_back(place.first + "/" + place.second, phrase.text);
  }
  for (const auto& [place, entry] : values_) {
    for (const auto* list : {&entry.clauses, &entry.adjectives}) {
      for (const std::string& text : *list) out.emplace_back(place.first + "#" + place.second, text);
    }
  }
  return out;
}

}  // namespace vitrine::copywriting
