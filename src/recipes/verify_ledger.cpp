#include "recipes/verify_ledger.h"

#include <unistd.h>

#include <filesystem>
#include <map>

#include "base/compressed.h"
#include "base/error.h"
#include "base/file_arguments.h"
#include "base/hash.h"
#include "base/json.h"
#include "checks/claim_ledger.h"
#include "data/import.h"
#include "data/normalization.h"

namespace vitrine::recipes {
namespace fs = std::filesystem;
namespace {

using checks::LedgerColour;

bool on_terminal(const VerifyLedgerConfig& config) {
  return config.output == "-" && isatty(STDOUT_FILENO) == 1;
}

Json verdict_json(const checks::LedgerRow& row, const checks::LedgerVerdict& verdict) {
  return {{"text_id", row.text_id},    {"product_id", row.product_id},
          {"claim", row.claim},        {"span", {row.begin, row.end}},
          {"type", row.type},          {"colour", checks::to_string(verdict.colour)},
          {"reasons", verdict.reasons}};
}

std::string table_line(const checks::LedgerRow& row, const checks::LedgerVerdict& verdict,
                       bool in_colour) {
  constexpr std::string_view kWords[] = {"有据", "无据", "失据"};
  constexpr std::string_view kColours[] = {"\x1b[32m", "\x1b[90m", "\x1b[31m"};
  const auto which = static_cast<size_t>(verdict.colour);
  const std::string word =
      in_colour ? concat(kColours[which], kWords[which], "\x1b[0m") : std::string(kWords[which]);
  std::string line = concat(word, "  ", row.text_id, "  ", row.type, "  ", row.claim);
  for (const std::string& reason : verdict.reasons) line += "  " + reason;
  return line + "\n";
}

std::map<std::string, data::Product> products_by_id(const std::string& file) {
  const auto normalizer = data::AttributeNormalizer::load();
  std::map<std::string, data::Product> products;
  for (data::Product& product : data::read_products(file).products) {
    normalizer.normalize(product);
    products.try_emplace(product.id, std::move(product));
  }
  return products;
}

/// Hashes each file once.
checks::DocumentHash file_hashes(const VerifyLedgerConfig& config) {
  if (!config.files) return {};
  const fs::path folder = config.documents.empty() ? fs::path(config.evidence).parent_path()
                                                   : fs::path(config.documents);
  return [folder,
          known = std::map<fs::path, std::optional<std::string>>()](const Json& document) mutable {
    const fs::path path = folder / document.at("file").get<std::string>();
    const auto [entry, is_new] = known.try_emplace(path);
    if (is_new && fs::is_regular_file(path)) entry->second = sha256_file(path);
    return entry->second;
  };
}

}  // namespace

LedgerCounts verify_ledger(const std::string& ledger, const VerifyLedgerConfig& config,
                           UtcSeconds now) {
  if (config.evidence.empty()) throw UsageError("[verify ledger] --evidence: missing");
  check_file_arguments("verify ledger", std::vector<std::string>{ledger, config.evidence},
                       {{"--output", config.output}});
  const auto rows = checks::read_ledger(read_file_unpacked(ledger), ledger);
  const auto products = products_by_id(config.evidence);
  const auto hash = file_hashes(config);
  const bool table = config.format == "table" || (config.format == "auto" && on_terminal(config));
  LedgerCounts counts;
  std::string out;
  for (const auto& row : rows) {
    const auto product = products.find(row.product_id);
    const auto verdict =
        checks::reevaluate(row, product == products.end() ? nullptr : &product->second, now, hash);
    ++(verdict.colour == LedgerColour::green  ? counts.green
       : verdict.colour == LedgerColour::grey ? counts.grey
                                              : counts.red);
    out += table ? table_line(row, verdict, on_terminal(config))
                 : dump_line(verdict_json(row, verdict)) + "\n";
  }
  write_output(config.output, out);
  return counts;
}

}  // namespace vitrine::recipes
