#include "recipes/evaluate_catalogue.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/compressed.h"
#include "base/error.h"
#include "base/file_arguments.h"
#include "base/random.h"
#include "base/thread_pool.h"
#include "eval/bootstrap.h"
#include "eval/diversity.h"
#include "text/utf8.h"

namespace vitrine::recipes {
namespace {

struct Catalogue {
  std::vector<std::string> ids, texts;  // one a text
  copywriting::CatalogueIndex index;
};

std::string as_text(const Json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

/// The text of a row; empty for a product without candidates, which is passed over.
std::string text_of(const Json& row, const std::string& where) {
  for (const char* field : {"text", "summary"}) {
    if (row.contains(field) && row.at(field).is_string()) return row.at(field).get<std::string>();
  }
  const auto candidates = row.find("candidates");
  const bool written = candidates != row.end() && candidates->is_array();
  VITRINE_REQUIRE(written, "[evaluate catalogue] ", where,
                  ": expected text, summary or candidates");
  if (candidates->empty()) return "";
  const std::string text = candidates->front().value("text", "");
  VITRINE_REQUIRE(!text.empty(), "[evaluate catalogue] ", where,
                  ": candidates[0].text: expected a text");
  return text;
}

void add_row(const Json& row, int64_t number, const std::string& where, Catalogue& catalogue) {
  VITRINE_REQUIRE(row.is_object(), "[evaluate catalogue] ", where, ": expected an object");
  const std::string text = text_of(row, where);
  if (text.empty()) return;
  VITRINE_REQUIRE(text::is_valid_utf8(text) && !text::metric_code_points(text).empty(),
                  "[evaluate catalogue] ", where, ": expected a text");
  const std::string id = row.contains("id") ? as_text(row.at("id")) : std::to_string(number);
  catalogue.index.add(row.contains("product_id") ? as_text(row.at("product_id")) : id, text);
  catalogue.ids.push_back(id);
  catalogue.texts.push_back(text);
}

Catalogue read_catalogue(const std::string& file, const copywriting::CatalogueConfig& config) {
  Catalogue catalogue{.ids = {}, .texts = {}, .index = copywriting::CatalogueIndex(config)};
  const std::string bytes = read_file_unpacked(file);
  int64_t number = 0;
  for (std::string_view rest = bytes; !rest.empty();) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    const std::string where = concat(file, " row ", ++number);
    if (line.find_first_not_of(" \t\r") != line.npos)
      add_row(parse_json(line, where), number, where, catalogue);
  }
  const auto groups = catalogue.index.groups();
  if (groups.empty() || *std::max_element(groups.begin(), groups.end()) == 0)
    throw Corrupt(
        concat("[evaluate catalogue] ", file, ": expected texts of at least two products"));
  return catalogue;
}

/// Products by number, all or `most` drawn ones, rising.
std::vector<uint32_t> drawn_products(size_t count, size_t most, int64_t seed) {
  std::vector<uint32_t> products(count);
  std::iota(products.begin(), products.end(), 0U);
  if (count <= most) return products;
  RandomStream(RandomKey(static_cast<uint64_t>(seed)).fold_in("evaluate catalogue"))
      .shuffle(products);
  products.resize(most);
  std::sort(products.begin(), products.end());
  return products;
}

double rounded(double value) { return std::round(value * 1e4) / 1e4; }

Json self_similarity(const Catalogue& catalogue, const std::vector<uint32_t>& products,
                     int64_t seed, int threads) {
  const auto groups = catalogue.index.groups();
  std::vector<std::u32string> texts;
  std::vector<uint32_t> rows;
  for (size_t i = 0; i < groups.size(); ++i) {
    texts.push_back(catalogue.index.text(i));
    if (std::binary_search(products.begin(), products.end(), groups[i]))
      rows.push_back(static_cast<uint32_t>(i));
  }
  ThreadPool pool(threads);
  const auto of_text = eval::catalogue_self_similarity(texts, groups, rows, pool);
  std::vector<double> of_product(products.size(), 0.0);
  for (size_t r = 0; r < rows.size(); ++r) {
    const auto place =
        std::lower_bound(products.begin(), products.end(), groups[rows[r]]) - products.begin();
    double& largest = of_product[static_cast<size_t>(place)];
    largest = std::max(largest, of_text[r]);
  }
  const auto interval =
      eval::Bootstrap(products, {.seed = static_cast<uint64_t>(seed)}).mean(of_product);
  const double mean = std::accumulate(of_product.begin(), of_product.end(), 0.0) /
                      static_cast<double>(of_product.size());
  return {{"mean", rounded(mean)},
          {"low", rounded(interval.low)},
          {"high", rounded(interval.high)},
          {"n", products.size()}};
}

Json pairs_of(const Catalogue& catalogue) {
  Json pairs = Json::array();
  for (const auto& pair : catalogue.index.pairs()) {
    pairs.push_back({{"a", catalogue.ids[pair.first]},
                     {"b", catalogue.ids[pair.second]},
                     {"product_a", catalogue.index.product_id(pair.first)},
                     {"product_b", catalogue.index.product_id(pair.second)},
                     {"rouge_l", rounded(pair.rouge_l)},
                     {"shared_4grams", copywriting::shared_ngrams(catalogue.texts[pair.first],
                                                                  catalogue.texts[pair.second])
                                           .size()}});
  }
  return pairs;
}

}  // namespace

Json evaluate_catalogue(const std::string& texts, const EvaluateCatalogueConfig& config,
                        int64_t seed, int threads) {
  check_config(config, "evaluate catalogue");
  check_file_arguments("evaluate catalogue", std::vector<std::string>{texts},
                       {{"--output", config.output}});
  const Catalogue catalogue = read_catalogue(texts, config.catalogue);
  const auto groups = catalogue.index.groups();
  const size_t num_products = size_t{1} + *std::max_element(groups.begin(), groups.end());
  const auto products = drawn_products(num_products, static_cast<size_t>(config.sample), seed);
  Json result = {{"texts", catalogue.texts.size()},
                 {"products", num_products},
                 {"self_similarity", self_similarity(catalogue, products, seed, threads)},
                 {"limit", config.catalogue.limit},
                 {"pairs", pairs_of(catalogue)},
                 {"seed", seed}};
  write_output(config.output, dump_pretty(result));
  return result;
}

std::string catalogue_table(const Json& result, size_t most_pairs) {
  const Json& self = result.at("self_similarity");
  const Json& pairs = result.at("pairs");
  std::string table = concat("全店文案自相似度 ", self.at("mean"), "  95% [", self.at("low"), ", ",
                             self.at("high"), "]  n=", self.at("n"), " / ", result.at("products"),
                             " 个商品\n过于相似的文案 (字符 ROUGE-L ≥ ", result.at("limit"),
                             "): ", pairs.size(), " 对\n");
  for (size_t i = 0; i < std::min(pairs.size(), most_pairs); ++i) {
    table +=
        concat("  ", pairs[i].at("rouge_l"), "  ", as_text(pairs[i].at("a")), "  ",
               as_text(pairs[i].at("b")), "  共有四字片段 ", pairs[i].at("shared_4grams"), "\n");
  }
  if (pairs.size() > most_pairs) table += concat("  … 另有 ", pairs.size() - most_pairs, " 对\n");
  return table;
}

}  // namespace vitrine::recipes
