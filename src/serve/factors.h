// serve/factors.h - what an operator sets before copy is written, and the request of the copy engine
// that follows from it.
#pragma once
#include <string>
#include <vector>

#include "base/json.h"
#include "copywriting/plan.h"
#include "data/product.h"
#include "serve/body_reader.h"
#include "serve/copy_engine.h"
#include "store/plans.h"

namespace vitrine::serve {

inline constexpr std::string_view kFields[] = {"description", "title", "short_title"};
inline constexpr std::string_view kStyles[] = {"taobao", "douyin", "xiaohongshu", "jd"};
inline constexpr std::string_view kPlatforms[] = {
    "",     "taobao", "tmall", "pdd",      "doudian", "douyin", "xiaohongshu",     "jd",
    "wechat", "weibo",  "bilibili", "zhihu", "amazon",  "google_merchant", "shopify"};

/// A word of one of the lists above; "" when it is absent or another (which is a fault).
template <size_t N>
std::string read_word(BodyReader& body, std::string_view name, const std::string_view (&words)[N]) {
  const size_t index = body.index_of_word(name, words);
  return index == BodyReader::kNoWord ? "" : std::string(words[index]);
}

struct Factors {
  std::string field, style, platform, audience;
  int length = 0;  // code points wanted
  std::vector<std::string> keywords;
  std::vector<std::string> pin, order, drop;  // keys, or key#value
};

/// Reads and finishes an object of Factors.
Factors read_factors(BodyReader body);
Json to_json(const Factors& factors);
/// Of a document that to_json made. Throws Corrupt.
Factors stored_factors(const store::Document& document);

/// What the engine is asked for: planning and, with the rest filled in, writing.
CopyRequest copy_request(data::Product product, const Factors& factors);

/// The plan as the API has it: the record of `points` with field, audience and dropped pairs, under
/// its id. `product`: normalised.
Json plan_json(const std::string& id, const copywriting::Plan& plan, const Factors& factors,
               const data::Product& product);
/// The id that the same factors give for the same record.
std::string plan_id(const store::Document& product, const Factors& factors);

/// The plan as the store keeps it.
store::Plan new_plan(const std::string& id, const std::string& product_id, const Factors& factors,
                     const Json& document);

}  // namespace vitrine::serve
