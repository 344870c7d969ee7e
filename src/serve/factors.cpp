#include "serve/factors.h"

#include <algorithm>
#include <set>

#include "base/hash.h"
#include "data/selection.h"

namespace vitrine::serve {
namespace {

constexpr int64_t kMinLength = 20, kMaxLength = 2000;
constexpr ListLimits kKeywords{.min = 0, .max = 20, .unique = false, .item = {.min = 1, .max = 40}};
constexpr ListLimits kWishes{.min = 0, .max = 1000, .unique = false, .item = {.min = 1, .max = 2100}};
constexpr size_t kIdDigits = 24;

bool names(const std::string& wish, const data::Attribute& attribute) {
  return wish == attribute.key || wish == attribute.key_raw ||
         wish == attribute.key + "#" + attribute.val ||
         wish == attribute.key + "#" + attribute.val_raw ||
         wish == attribute.key_raw + "#" + attribute.val_raw;
}

/// Attributes that the operator left out, as far as no point says them.
void add_dropped(const data::Product& product, const Factors& factors, const copywriting::Plan& plan,
                 Json& dropped) {
  std::set<std::string> said;
  for (const auto& point : plan.points) said.insert(point.attr_ids.begin(), point.attr_ids.end());
  for (const auto& attribute : product.attributes) {
    const bool is_named = std::any_of(factors.drop.begin(), factors.drop.end(),
                                      [&](const std::string& wish) { return names(wish, attribute); });
    if (!is_named || said.contains(attribute.id)) continue;
    dropped.push_back({{"attribute_id", attribute.id}, {"category", plan.category},
                       {"key", attribute.key}, {"val", attribute.val}, {"tf_idf", nullptr}});
  }
}

}  // namespace

Factors read_factors(BodyReader body) {
  body.require({"field", "style", "platform", "length", "audience", "keywords", "pin", "order", "drop"});
  Factors factors;
  factors.field = read_word(body, "field", kFields);
  factors.style = read_word(body, "style", kStyles);
  factors.platform = read_word(body, "platform", kPlatforms);
  factors.audience = body.word("audience", {"", "women", "men"});
  factors.length = static_cast<int>(body.integer("length", kMinLength, kMaxLength));
  factors.keywords = body.texts("keywords", kKeywords);
  factors.pin = body.texts("pin", kWishes);
  factors.order = body.texts("order", kWishes);
  factors.drop = body.texts("drop", kWishes);
  body.finish();
  return factors;
}

Json to_json(const Factors& factors) {
  return {{"field", factors.field},       {"style", factors.style},
          {"platform", factors.platform}, {"length", factors.length},
          {"audience", factors.audience}, {"keywords", factors.keywords},
          {"pin", factors.pin},           {"order", factors.order},
          {"drop", factors.drop}};
}

Factors stored_factors(const store::Document& document) {
  const Json json = parse_json(document, "stored factors");
  try {
    return read_factors(BodyReader(json));
  } catch (const Refusal& refusal) {
    throw Corrupt(concat("[stored_factors] ", refusal.what()));
  }
}

CopyRequest copy_request(data::Product product, const Factors& factors) {
  CopyRequest request;
  request.product = std::move(product);
  auto& config = request.config;
  config.field = factors.field;
  config.style = factors.style;
  config.platform = factors.platform;
  config.audience = factors.audience;
  config.length = factors.length;
  config.keywords = factors.keywords;
  request.wishes.pins = factors.pin;
  request.wishes.order = factors.order;
  request.wishes.drops = factors.drop;
  return request;
}

Json plan_json(const std::string& id, const copywriting::Plan& plan, const Factors& factors,
               const data::Product& product) {
  Json json = copywriting::to_json(plan);
  json["id"] = id;
  json["product_id"] = product.id;
  json["audience"] = factors.audience;
  json["field"] = factors.field;
  json["dropped"] = Json::array();
  for (const auto& pair : plan.dropped) json["dropped"].push_back(data::to_json(pair));
  add_dropped(product, factors, plan, json["dropped"]);
  return json;
}

std::string plan_id(const store::Document& product, const Factors& factors) {
  return "plan-" + sha256_hex(product + "\n" + dump_line(to_json(factors))).substr(0, kIdDigits);
}

store::Plan new_plan(const std::string& id, const std::string& product_id, const Factors& factors,
                     const Json& document) {
  return {.id = id,
          .product_id = product_id,
          .field = factors.field,
          .style = factors.style,
          .platform = factors.platform,
          .audience = factors.audience,
          .length = factors.length,
          .factors = dump_line(to_json(factors)),
          .document = dump_line(document),
          .created_at = store::utc_now()};
}

}  // namespace vitrine::serve
