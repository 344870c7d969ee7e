// The whole check of a text and its repair, over products of many kinds: hits and claims lie in the
// text and in order, what is entailed names evidence, what comes out of a repair may leave or is
// dropped, and the same input gives the same report.
#include <array>
#include <tuple>

#include "checks/checker.h"
#include "checks/fixer.h"
#include "data/advertisegen.h"
#include "fuzz.h"
#include "text/utf8.h"

namespace {

using namespace vitrine;
using namespace vitrine::checks;

constexpr std::array<const char*, 8> kContents{
    "类型#裙*颜色#红色*材质#棉",          "类型#裤*裤长#九分裤*裤长#95cm",
    "类型#上衣*材质#仿羊绒*功能#不防水",  "网络#不支持5G*重量#1.5kg*容量#500ml",
    "产地#新疆*品牌#veromoda*成分#95%棉", "类型#酸奶*净含量#100g*净含量#200g",
    "功能#无线充电*防水#IPX7*电量#3厘米", "类型#白酒"};
constexpr std::array<const char*, 6> kCategories{"连衣裙", "药品", "保健食品", "酸奶", "白酒", "面霜"};
constexpr std::array<const char*, 4> kPlatforms{"", "taobao", "xiaohongshu", "doudian"};
constexpr std::array<const char*, 3> kFields{"description", "title", "short_title"};
constexpr std::array<const char*, 5> kStyles{"", "taobao", "douyin", "xiaohongshu", "jd"};

data::Product product_of(uint8_t choice) {
  data::Product product = data::product_from_content(kContents[choice % kContents.size()]);
  if (choice % 3 == 0) product.category_path = {kCategories[choice % kCategories.size()]};
  if (choice % 5 == 0) product.brand = "首选牌";
  if (choice % 7 == 0) product.extra["price"] = {{"amount", 199}, {"currency", "CNY"}};
  if (choice >= 128) {
    product.extra["docs"] = Json::array(
        {{{"id", "d1"}, {"type", "survey"}, {"scope", "热销"}, {"valid_to", "2027-01-01"}},
         {{"id", "d2"}, {"type", "report"}, {"valid_to", "2026-01-01"}},
         {{"id", "d3"}, {"type", "cert"}, {"issuer", "协会"}, {"valid_to", "2027-01-01"}}});
  }
  return product;
}

CheckContext context_of(uint8_t choice) {
  return {.platform = kPlatforms[choice % kPlatforms.size()],
          .field = kFields[choice / 4 % kFields.size()],
          .style = kStyles[choice / 12 % kStyles.size()],
          .company_info = choice % 11 == 0,
          .today = "2026-11-24"};
}

void check_report(const CheckReport& report, size_t size) {
  for (size_t i = 0; i < report.hits.size(); ++i) {
    const RuleHit& hit = report.hits[i];
    FUZZ_CHECK(hit.rule != nullptr && hit.level >= Level::warn);
    FUZZ_CHECK(hit.begin <= hit.end && hit.end <= size);
    FUZZ_CHECK(text::is_valid_utf8(hit.term));
    FUZZ_CHECK(!hit.repair || text::is_valid_utf8(hit.repair->text));
    if (i == 0) continue;
    const RuleHit& before = report.hits[i - 1];
    FUZZ_CHECK(std::tie(before.begin, before.rule->id) <= std::tie(hit.begin, hit.rule->id));
  }
  for (size_t i = 0; i < report.claims.size(); ++i) {
    const Claim& claim = report.claims[i];
    FUZZ_CHECK(claim.begin < claim.end && claim.end <= size && claim.rule != nullptr);
    FUZZ_CHECK(claim.support != Support::entailed || !claim.evidence.empty());
    FUZZ_CHECK(claim.support != Support::unsupported || claim.evidence.empty());
    FUZZ_CHECK(i == 0 || report.claims[i - 1].begin <= claim.begin);
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const Checker& checker = Checker::shipped();
  if (size < 3) return 0;
  const Evidence evidence(product_of(data[1]), "2026-11-24");
  const CheckContext context = context_of(data[2]);
  std::u32string code_points = fuzz::code_points_of(data, size);
  std::erase_if(code_points, [](char32_t c) { return c > 0x10FFFF || (c >= 0xD800 && c < 0xE000); });
  const std::string text = text::to_utf8(code_points);
  const CheckReport report = checker.check(text, evidence, context);
  check_report(report, code_points.size());
  FUZZ_CHECK(dump_line(to_json(report, "t")) ==
             dump_line(to_json(checker.check(text, evidence, context), "t")));
  FUZZ_CHECK(!to_terminal(report, "t", true).empty());
  const FixedText fixed = fix(checker, text, evidence, context);
  FUZZ_CHECK(fixed.dropped || fixed.report.verdict() != Level::block);
  FUZZ_CHECK(fixed.rounds >= 0 && fixed.rounds <= 3);
  FUZZ_CHECK(text::is_valid_utf8(fixed.report.text));
  check_report(fixed.report, text::count_code_points(fixed.report.text));
  return 0;
}
