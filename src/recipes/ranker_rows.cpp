#include "recipes/ranker_rows.h"

#include <algorithm>
#include <cmath>
#include <iomanip>
#include <map>
#include <set>
#include <sstream>

#include "base/compressed.h"
#include "base/error.h"
#include "base/hash.h"
#include "copywriting/ranker_input.h"
#include "data/advertisegen.h"

namespace vitrine::recipes {
namespace {

bool is_blank(std::string_view line) {
  return line.find_first_not_of(" \t\r") == std::string_view::npos;
}

data::RankedList list_from(const Json& json, const std::string& where) {
  const bool is_pair = json.is_object() && (json.contains("chosen") || json.contains("rejected"));
  if (is_pair) return data::list_of(data::preference_pair_from_json(json, where));
  data::RankedList list = data::ranked_list_from_json(json, where);
  VITRINE_REQUIRE(list.order.size() > 1, where,
                  ", order: LIST_ONE_SIDED: ", dump_line(json["order"]).substr(0, 80),
                  " has no text that is better than another");
  return list;
}

/// The judged texts of a list, the best tier first: index and tier.
std::vector<std::pair<size_t, size_t>> judged(const data::RankedList& list) {
  std::vector<std::pair<size_t, size_t>> texts;
  for (size_t tier = 0; tier < list.order.size(); ++tier) {
    for (const int index : list.order[tier]) texts.emplace_back(static_cast<size_t>(index), tier);
  }
  return texts;
}

void require_fitting(const std::vector<int32_t>& ids, const std::string& text,
                     const std::string& where, int64_t n_positions) {
  VITRINE_REQUIRE(static_cast<int64_t>(ids.size()) <= n_positions, where, ": ", ids.size(),
                  " tokens with its product are more than the ", n_positions,
                  " positions of the model: '", text.substr(0, 30), "…'");
}

/// Texts of one tier may be the same tokens; a better and a worse one may not.
void require_different(const train::Example& example, const std::string& where) {
  std::vector<const train::Example*> texts = {&example};
  for (const auto& other : example.compared) texts.push_back(&other);
  for (size_t i = 0; i < texts.size(); ++i) {
    for (size_t k = i + 1; k < texts.size(); ++k) {
      VITRINE_REQUIRE(
          texts[i]->reward == texts[k]->reward || texts[i]->input_ids != texts[k]->input_ids, where,
          ": PAIR_EQUAL: a better and a worse text are the same tokens to the model");
    }
  }
}

PairFigures& named(std::vector<std::pair<std::string, PairFigures>>& list,
                   const std::string& name) {
  const auto found = std::find_if(list.begin(), list.end(),
                                  [&](const auto& entry) { return entry.first == name; });
  return found != list.end() ? found->second : list.emplace_back(name, PairFigures{}).second;
}

std::string line_of(const std::string& name, const PairFigures& figures) {
  std::ostringstream line;
  line << name << ": " << std::fixed << std::setprecision(1) << 100 * figures.accuracy() << " % of "
       << figures.pairs << " pairs in order, loss " << std::setprecision(3) << figures.loss();
  return line.str();
}

Json figures_json(const PairFigures& figures) {
  return {{"pairs", figures.pairs}, {"accuracy", figures.accuracy()}, {"loss", figures.loss()}};
}

}  // namespace

RankedRows read_ranked_rows(const std::filesystem::path& path) {
  const std::string bytes = read_file_unpacked(path);
  RankedRows result{{}, sha256_hex(bytes)};
  std::istringstream lines(bytes);
  std::string line;
  for (int64_t number = 1; std::getline(lines, line); ++number) {
    if (is_blank(line)) continue;
    const std::string where = concat(path.string(), " row ", number);
    result.rows.push_back({list_from(parse_json(line, where), where), where});
  }
  VITRINE_REQUIRE(!result.rows.empty(), path.string(),
                  ": EMPTY_FILE: no preference pair and no ranked list");
  return result;
}

void require_no_leak(std::span<const RankedRow> training, std::span<const RankedRow> validation) {
  std::map<std::string, const RankedRow*> products, prompts;
  for (const auto& row : training) {
    products.emplace(row.list.product_id, &row);
    prompts.emplace(row.list.prompt, &row);
  }
  for (const auto& row : validation) {
    const auto product = products.find(row.list.product_id), prompt = prompts.find(row.list.prompt);
    VITRINE_REQUIRE(product == products.end(), row.where, ": LEAK: product_id '",
                    row.list.product_id, "' is in ", product->second->where, " too");
    VITRINE_REQUIRE(prompt == prompts.end(), row.where, ": LEAK: the prompt '",
                    row.list.prompt.substr(0, 60), "' is in ", prompt->second->where, " too");
  }
}

std::vector<RankedRow> take_held_out(std::vector<RankedRow>& rows, std::string_view split_name,
                                     double share) {
  const auto stays = [&](const RankedRow& row) {
    return data::split_position(row.list.product_id, split_name) >= share;
  };
  std::set<std::string> prompts;
  for (const auto& row : rows) {
    if (stays(row)) prompts.insert(row.list.prompt);
  }
  const auto first = std::stable_partition(rows.begin(), rows.end(), [&](const RankedRow& row) {
    return prompts.contains(row.list.prompt);
  });
  std::vector<RankedRow> held_out(std::make_move_iterator(first),
                                  std::make_move_iterator(rows.end()));
  rows.erase(first, rows.end());
  return held_out;
}

train::Example ranked_example(const copywriting::PromptFormat& format,
                              const data::AttributeStatistics& statistics, const RankedRow& row,
                              int64_t n_positions) {
  std::vector<train::Example> texts;
  try {
    const data::Product product = data::product_from_content(row.list.prompt);
    for (const auto& [index, tier] : judged(row.list)) {
      train::Example text;
      const std::string& words = row.list.candidates[index];
      text.input_ids = copywriting::ranker_input(format, statistics, product, words);
      require_fitting(text.input_ids, words, concat("text ", index), n_positions);
      text.reward = -static_cast<double>(tier);
      texts.push_back(std::move(text));
    }
  } catch (const InvalidInput& e) {
    throw InvalidInput(concat(row.where, ": ", e.what()));
  }
  train::Example group = std::move(texts.front());
  group.compared.assign(std::make_move_iterator(texts.begin() + 1),
                        std::make_move_iterator(texts.end()));
  group.weight = row.list.weight;
  require_different(group, row.where);
  return group;
}

void PairFigures::add(double lead) {
  ++pairs;
  right += lead > 0 ? 1 : lead == 0 ? 0.5 : 0;
  loss_sum += std::max(-lead, 0.0) + std::log1p(std::exp(-std::abs(lead)));
}

RankerFigures ranker_figures(std::span<const RankedRow> rows, std::span<const double> scores) {
  RankerFigures figures;
  size_t first = 0;
  for (const auto& row : rows) {
    const auto texts = judged(row.list);
    VITRINE_REQUIRE(first + texts.size() <= scores.size(), "[ranker_figures] ", scores.size(),
                    " scores are too few");
    const std::string type =
        row.list.type.empty() ? row.list.source : concat(row.list.source, "/", row.list.type);
    for (size_t i = 0; i < texts.size(); ++i) {
      for (size_t k = i + 1; k < texts.size(); ++k) {
        if (texts[i].second == texts[k].second) continue;
        const double lead = scores[first + i] - scores[first + k];
        figures.all.add(lead);
        named(figures.by_source, row.list.source).add(lead);
        named(figures.by_type, type).add(lead);
      }
    }
    first += texts.size();
  }
  return figures;
}

std::vector<std::string> RankerFigures::lines() const {
  std::vector<std::string> lines;
  if (all.pairs == 0) return lines;
  lines.push_back(line_of("held-out pairs", all));
  for (const auto& [name, figures] : by_source) lines.push_back(line_of(name, figures));
  for (const auto& [name, figures] : by_type) {
    if (name.find('/') != std::string::npos) lines.push_back(line_of(name, figures));
  }
  return lines;
}

Json to_json(const RankerFigures& figures) {
  if (figures.all.pairs == 0) return nullptr;
  Json json = figures_json(figures.all);
  for (const auto& [name, part] : figures.by_source) json["by_source"][name] = figures_json(part);
  for (const auto& [name, part] : figures.by_type) json["by_type"][name] = figures_json(part);
  return json;
}

}  // namespace vitrine::recipes
