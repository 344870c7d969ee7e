// checks/evidence.h - what a shop can prove about a product: attributes, brand, price, documents.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/product.h"

namespace vitrine::checks {

/// A document of the product record (`docs`).
struct Document {
  std::string id;
  std::string type;  // report | cert | survey | trademark | award | patent | price
  std::string issuer, number, scope;
  std::string valid_from, valid_to;  // YYYY-MM-DD; empty = open
};

/// The product's documents as the record states them; entries without id or type are left out.
std::vector<Document> documents_of(const data::Product& product);

/// Whether the document proves anything on a day: not past valid_to, not before valid_from.
bool is_valid(const Document& document, std::string_view today);

/// One attribute or name, folded for comparison.
struct Fact {
  std::string id;  // attr:<id> | brand | title | doc:<id> | price
  std::string key;
  std::u32string val, raw;  // folded; val is canonical after normalisation
  std::optional<double> number = {};
  std::string unit = {};
};

/// Whether a value states the word: it holds it at least once without a denial or a substitute
/// before it (不防水, 无钢圈, 仿羊绒, 人造毛 state neither 防水 nor 钢圈, 羊绒, 毛). Both folded.
bool states(std::u32string_view value, std::u32string_view word);

/// Immutable, thread-safe. Everything about one product that can support a claim.
class Evidence {
 public:
  /// today: YYYY-MM-DD, which documents count; empty = all.
  explicit Evidence(const data::Product& product, std::string_view today = {});

  const std::vector<Fact>& attributes() const { return attributes_; }
  const std::u32string& brand() const { return brand_; }        // folded; may be empty
  const std::u32string& title() const { return title_; }        // folded title_raw
  /// The record's price, key 价格, unit 元 for CNY; null = none.
  const Fact* price() const { return price_ ? &*price_ : nullptr; }
  const std::string& category() const { return category_; }     // data::category_of
  const std::vector<std::string>& category_path() const { return category_path_; }
  const std::vector<Document>& documents() const { return documents_; }  // valid ones only
  /// The first valid document of a type whose scope holds `term` (folded) or is empty; null = none.
  const Document* document(std::string_view type, std::u32string_view term = {}) const;
  /// The first valid document that proves a claim of a type (material, honour, …) about `term`:
  /// of a kind that can, and with what the rule asks for: an honour its issuer and how long it is
  /// valid, sales their period and scope, a patent its number. null = none.
  const Document* proof_of(std::string_view claim_type, std::u32string_view term) const;

 private:
  std::vector<Fact> attributes_;
  std::u32string brand_, title_;
  std::optional<Fact> price_;
  std::string category_;
  std::vector<std::string> category_path_;
  std::vector<Document> documents_;
};

}  // namespace vitrine::checks
