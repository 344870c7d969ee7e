#include "checks/evidence.h"

#include <algorithm>
#include <array>

#include "checks/lexicon.h"
#include "data/units.h"
#include "text/utf8.h"

namespace vitrine::checks {
namespace {

std::u32string folded(std::string_view utf8) {
  return text::is_valid_utf8(utf8) ? fold(text::to_utf32(utf8)) : std::u32string();
}

std::string text_of(const Json& object, const char* field) {
  const auto found = object.find(field);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

/// Words that turn what follows them into its opposite or a substitute for it.
constexpr std::array<std::u32string_view, 12> kDenials{U"不",   U"非",   U"无",   U"仿",
                                                       U"假",   U"不含", U"没有", U"不带",
                                                       U"不太", U"不够", U"不能", U"人造"};

/// Kinds of documents that can prove a claim of a type.
struct Proof {
  std::string_view claim_type, document_type;
};
constexpr std::array<Proof, 10> kProofs{{{"material", "report"},
                                         {"function", "report"},
                                         {"origin", "cert"},
                                         {"honour", "cert"},
                                         {"honour", "award"},
                                         {"brand", "trademark"},
                                         {"sales", "survey"},
                                         {"patent", "patent"},
                                         {"price", "price"},
                                         {"time", "cert"}}};

bool is_complete(const Document& document, std::string_view claim_type) {
  if (claim_type == "honour") return !document.issuer.empty() && !document.valid_to.empty();
  if (claim_type == "patent") return !document.number.empty();
  if (claim_type != "sales") return true;
  return !document.scope.empty() && !(document.valid_from.empty() && document.valid_to.empty());
}

}  // namespace

std::vector<Document> documents_of(const data::Product& product) {
  std::vector<Document> documents;
  const auto docs = product.extra.find("docs");
  if (docs == product.extra.end() || !docs->is_array()) return documents;
  for (const Json& doc : *docs) {
    if (!doc.is_object()) continue;
    Document document{.id = text_of(doc, "id"),
                      .type = text_of(doc, "type"),
                      .issuer = text_of(doc, "issuer"),
                      .number = text_of(doc, "number"),
                      .scope = text_of(doc, "scope"),
                      .valid_from = text_of(doc, "valid_from"),
                      .valid_to = text_of(doc, "valid_to")};
    if (!document.id.empty() && !document.type.empty()) documents.push_back(std::move(document));
  }
  return documents;
}

bool is_valid(const Document& document, std::string_view today) {
  if (today.empty()) return true;
  const bool begun = document.valid_from.empty() || document.valid_from <= today;
  return begun && (document.valid_to.empty() || document.valid_to >= today);
}

bool states(std::u32string_view value, std::u32string_view word) {
  if (word.empty()) return false;
  for (size_t at = value.find(word); at != value.npos; at = value.find(word, at + 1)) {
    const auto before = value.substr(0, at);
    const bool is_denied = std::any_of(kDenials.begin(), kDenials.end(), [&](auto denial) {
      return before.ends_with(denial);
    });
    if (!is_denied) return true;
  }
  return false;
}

namespace {

/// Whether the document speaks of the term, or of everything.
bool covers(const Document& document, std::u32string_view term) {
  return document.scope.empty() || folded(document.scope).find(term) != std::u32string::npos;
}

std::optional<Fact> price_of(const data::Product& product) {
  const auto price = product.extra.find("price");
  if (price == product.extra.end() || !price->is_object()) return std::nullopt;
  const auto amount = price->find("amount");
  if (amount == price->end() || !amount->is_number()) return std::nullopt;
  const std::string currency = text_of(*price, "currency");
  const bool is_yuan = currency.empty() || currency == "CNY";
  const auto number = amount->get<double>();
  const std::string unit = is_yuan ? "元" : currency;
  const auto text = folded(data::format_number(number) + unit);
  return Fact{.id = "price", .key = "价格", .val = text, .raw = text, .number = number, .unit = unit};
}

}  // namespace

Evidence::Evidence(const data::Product& product, std::string_view today)
    : brand_(folded(product.brand)),
      title_(folded(product.title_raw)),
      price_(price_of(product)),
      category_(data::category_of(product)),
      category_path_(product.category_path) {
  for (const auto& attribute : product.attributes) {
    attributes_.push_back({.id = "attr:" + attribute.id,
                           .key = attribute.key,
                           .val = folded(attribute.val),
                           .raw = folded(attribute.val_raw),
                           .number = attribute.number,
                           .unit = attribute.unit.value_or("")});
  }
  for (auto& document : documents_of(product)) {
    if (is_valid(document, today)) documents_.push_back(std::move(document));
  }
}

const Document* Evidence::document(std::string_view type, std::u32string_view term) const {
  for (const Document& document : documents_) {
    if (document.type == type && covers(document, term)) return &document;
  }
  return nullptr;
}

const Document* Evidence::proof_of(std::string_view claim_type, std::u32string_view term) const {
  for (const Proof& proof : kProofs) {
    if (proof.claim_type != claim_type) continue;
    for (const Document& document : documents_) {
      const bool proves = document.type == proof.document_type && is_complete(document, claim_type);
      if (proves && covers(document, term)) return &document;
    }
  }
  return nullptr;
}

}  // namespace vitrine::checks
