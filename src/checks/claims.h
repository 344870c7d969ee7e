// checks/claims.h - what a text says about a product, and whether the product's attributes say it too.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "checks/lexicon.h"
#include "checks/numbers.h"
#include "data/product.h"

namespace vitrine::checks {

/// harmless: praise without a fact that could be checked; it needs no evidence.
enum class Support { entailed, unsupported, harmless };
std::string_view to_string(Support support);

struct Claim {
  std::string type;   // function, material, absolute, placeholder, number, brand, origin, honour, sales, price, …
  size_t begin, end;  // code points of the text, half-open
  std::string value;  // as it stands in the text
  Support support = Support::unsupported;
  Level level = Level::block;         // of the rule; it counts only when unsupported
  std::vector<std::string> evidence;  // attr:<id>, or "brand"
};

/// Whether the claim must not leave: unsupported and of level block.
inline bool is_blocking(const Claim& claim) { return claim.support == Support::unsupported && claim.level == Level::block; }

/// The lists of one rules folder. Immutable and safe for any number of threads.
class ClaimFinder {
 public:
  static ClaimFinder load(const std::filesystem::path& dir);
  /// The shipped lists (resource "rules/checks"), read once.
  static const ClaimFinder& shipped();

  /// Claims in order of begin, then type. A term is entailed when an attribute's value holds it or equals a value that supports it
  /// (棉 supports 纯棉); a number when a value holds it with its unit; a Latin word also by the product's brand.
  /// Absolute terms and placeholders are never entailed. Throws InvalidInput when `text` is not UTF-8.
  std::vector<Claim> find_claims(std::string_view text, const data::Product& product) const;

  const Lexicon& lexicon() const { return lexicon_; }

 private:
  Lexicon lexicon_;
  TokenRules tokens_;
};

/// Terms of the shipped lists that block when unsupported, UTF-8, in the lists' order: what a decoder keeps out.
std::vector<std::string> blocking_terms();

/// ClaimFinder::shipped().find_claims(text, product).
std::vector<Claim> find_claims(std::string_view text, const data::Product& product);

}  // namespace vitrine::checks
