#include "eval/fidelity.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <span>

namespace vitrine::eval {
namespace {

using View = std::u32string_view;

constexpr std::array<View, 17> kFunctionalWords = {U"透气", U"保暖", U"亲肤", U"弹力", U"防风", U"防水", U"速干", U"吸汗", U"排汗",
                                                   U"抗皱", U"防晒", U"耐磨", U"不起球", U"不褪色", U"不变形", U"抗菌", U"御寒"};
/// Fibres, fabrics and leathers whose names are no part of common words for a cut or a pattern.
constexpr std::array<View, 48> kMaterialWords = {
    U"纯棉", U"全棉", U"棉质", U"棉麻", U"亚麻", U"苎麻", U"真丝", U"蚕丝", U"桑蚕丝", U"丝绸", U"羊毛", U"羊绒",
    U"马海毛", U"兔毛", U"貂毛", U"雪纺", U"欧根纱", U"蕾丝", U"网纱", U"网布", U"丝绒", U"天鹅绒", U"金丝绒", U"灯芯绒",
    U"牛仔布", U"莫代尔", U"天丝", U"醋酸", U"涤纶", U"锦纶", U"氨纶", U"腈纶", U"粘胶", U"聚酯", U"尼龙", U"真皮",
    U"羊皮", U"牛皮", U"皮革", U"麂皮", U"羽绒", U"鸭绒", U"鹅绒", U"毛呢", U"呢料", U"帆布", U"缎面", U"金属"};
constexpr std::array<View, 13> kStrictAbsolutes = {U"绝对", U"极致", U"极佳", U"极品", U"独一无二", U"首选", U"100%",
                                                   U"百分百", U"唯一", U"顶级", U"万能", U"独家", U"第一"};
constexpr std::array<View, 5> kHarmlessFirsts = {U"第一步", U"第一次", U"第一时间", U"第一眼", U"第一颗"};
constexpr std::array<View, 9> kHarmlessMosts = {U"最后", U"最近", U"最终", U"最初", U"最少", U"最多", U"最早", U"最晚", U"最新"};
constexpr View kSentenceEnds = U"。！？!?";
constexpr char32_t kGap = 1;  // stands where something was taken out, so that its neighbours do not join

bool contains(View text, View part) { return text.find(part) != View::npos; }

bool says_without_evidence(std::span<const View> words, const CopyItem& item, View text) {
  return std::any_of(words.begin(), words.end(), [&](View word) { return contains(text, word) && !contains(item.evidence, word); });
}

bool contains_any(View text, std::span<const View> parts) {
  return std::any_of(parts.begin(), parts.end(), [&](View part) { return contains(text, part); });
}

std::u32string without(View text, std::span<const View> parts) {
  std::u32string left(text);
  for (const View part : parts) {
    for (size_t at = left.find(part); at != View::npos; at = left.find(part, at)) left.replace(at, part.size(), 1, kGap);
  }
  return left;
}

bool contains_ascii_ignoring_case(View text, View upper) {
  const auto same = [](char32_t a, char32_t b) { return a == b || (a >= U'a' && a <= U'z' && a - 32 == b); };
  return std::search(text.begin(), text.end(), upper.begin(), upper.end(), same) != text.end();
}

template <typename Realised>
double share_of_pairs(const CopyItem& item, const Realised& is_realised) {
  double count = 0;
  for (size_t i = 0; i < item.values.size(); ++i) count += is_realised(i);
  return count / static_cast<double>(item.values.size());
}

template <typename Better>
size_t best_pair(const CopyItem& item, const TrainTable& train, const Better& better) {
  size_t best = 0;
  for (size_t i = 1; i < item.values.size(); ++i) {
    const int64_t df = train.value_df(item.values[i]), best_df = train.value_df(item.values[best]);
    if (better(df, best_df) || (df == best_df && item.values[i] < item.values[best])) best = i;
  }
  return best;
}

}  // namespace

bool realised(View value, View text) { return contains(text, value); }

bool realised_by_synonym(const CopyItem& item, size_t pair_idx, View text, const SynonymTable& synonyms) {
  if (contains(text, item.values[pair_idx]) || contains(text, item.raw_values[pair_idx])) return true;
  const auto forms = synonyms.find(item.values[pair_idx]);
  return forms != synonyms.end() && std::any_of(forms->second.begin(), forms->second.end(), [&](View form) { return contains(text, form); });
}

double coverage(const CopyItem& item, View text) {
  return share_of_pairs(item, [&](size_t i) { return realised(item.values[i], text); });
}

double coverage_by_synonym(const CopyItem& item, View text, const SynonymTable& synonyms) {
  return share_of_pairs(item, [&](size_t i) { return realised_by_synonym(item, i, text, synonyms); });
}

double rare_coverage(const CopyItem& item, View text, const TrainTable& train, double limit) {
  double count = 0, found = 0;
  for (const auto& value : item.values) {
    if (static_cast<double>(train.value_df(value)) > limit) continue;
    count += 1;
    found += realised(value, text);
  }
  return count == 0 ? std::nan("") : found / count;
}

double value_precision(const CopyItem& item, View text, const TrainTable& train) {
  const std::set<View> own(item.values.begin(), item.values.end());
  std::vector<View> own_by_length(own.begin(), own.end());
  std::stable_sort(own_by_length.begin(), own_by_length.end(), [](View a, View b) { return a.size() > b.size(); });
  const std::u32string rest = without(text, own_by_length);
  const auto supported = std::count_if(own.begin(), own.end(), [&](View value) { return contains(text, value); });
  int64_t foreign = 0;
  for (const auto& [value, df] : train.values()) foreign += !own.contains(value) && contains(rest, value);
  return supported + foreign == 0 ? std::nan("") : static_cast<double>(supported) / static_cast<double>(supported + foreign);
}

size_t distinctive_pair(const CopyItem& item, const TrainTable& train) { return best_pair(item, train, std::less<>()); }
size_t commonest_pair(const CopyItem& item, const TrainTable& train) { return best_pair(item, train, std::greater<>()); }

Mention find_mention(View value, View text) {
  const size_t at = text.find(value);
  if (at == View::npos) return {false, std::nan(""), false};
  const size_t sentence_end = std::min(text.find_first_of(kSentenceEnds), text.size());
  return {true, static_cast<double>(at) / static_cast<double>(text.size()), at + value.size() <= sentence_end};
}

bool has_unsupported_function(const CopyItem& item, View text) { return says_without_evidence(kFunctionalWords, item, text); }
bool has_unsupported_material(const CopyItem& item, View text) { return says_without_evidence(kMaterialWords, item, text); }

bool has_strict_absolute(View text) { return contains_any(without(text, kHarmlessFirsts), kStrictAbsolutes); }
bool has_superlative(View text) { return contains(without(text, kHarmlessMosts), U"最"); }
bool has_perfect(View text) { return contains(text, U"完美"); }
bool has_unknown_token(View text) { return contains_ascii_ignoring_case(text, U"<UNK>"); }
bool has_brand_token(View text) { return contains_ascii_ignoring_case(text, U"BRAND"); }

}  // namespace vitrine::eval
