#include <algorithm>
#include <cstdlib>
#include <limits>
#include <set>

#include "base/error.h"
#include "copywriting/subject.h"
#include "copywriting/template_bank.h"
#include "text/utf8.h"

namespace vitrine::copywriting {
namespace {

constexpr uint64_t kAttempts = 24;          // most draws of one candidate, until all values are said
constexpr double kLengthTolerance = 0.1;    // share of plan.length by which praise may overshoot
constexpr size_t kMaxAdjectives = 2;        // before the noun
constexpr size_t kMaxTitle = 14;            // code points of a title that is said in a sentence

int length_of(const std::string& text) { return static_cast<int>(text::count_code_points(text)); }

std::string replace_all(std::string text, std::string_view from, std::string_view to) {
  for (size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
  return text;
}

std::string join(const std::vector<std::string>& parts, std::string_view separator) {
  std::string out;
  for (const std::string& part : parts) {
    if (!out.empty()) out += separator;
    out += part;
  }
  return out;
}

template <typename T>
const T& pick(const std::vector<T>& list, RandomStream& random) {
  return list[random.below(list.size())];
}

/// The values of one key in one sentence; a value with clauses of its own is a piece of its own.
struct Piece {
  std::string key;
  std::vector<std::string> values, words;  // as in the record; as said in a list
  const ValuePhrases* own = nullptr;       // phrases of the single value, when it has some
  std::string clause, tail;
};

/// What can be added to reach the length: a tail of a piece, the closing clause or a last sentence.
struct Extra {
  std::string* place;
  std::string text;
};

/// One draw of one candidate.
class Draft {
 public:
  Draft(const TemplateBank& bank, const data::Product& product, const Plan& plan, RandomKey key)
      : bank_(bank), product_(product), plan_(plan), category_(bank.category_of(product)), random_(key) {}

  std::string write() {
    choose_noun();
    collect_pieces();
    choose_sentence_plan();
    choose_adjectives();
    for (auto& group : pieces_) {
      for (Piece& piece : group) piece.clause = choose_clause(piece);
    }
    add_extras();
    return render();
  }

 private:
  void choose_noun();
  void collect_pieces();
  void add_to_pieces(std::vector<Piece>& group, const SellingPoint& point);
  void choose_sentence_plan();
  bool fits(const SentencePlan& plan) const;
  void take_key_slots();
  void choose_adjectives();
  std::string adjective_of(const Piece& piece);
  std::string choose_clause(const Piece& piece);
  std::vector<std::string> clauses_of(const Piece& piece) const;
  std::string unused(std::vector<std::string> texts);
  std::vector<std::string> texts_of(const std::string& key, PhraseForm form, const std::vector<std::string>& values) const;
  void add_extras();
  std::vector<Extra> collect_extras();
  const TemplatePattern& pattern_of(size_t group_idx) const;
  std::string slot_value(const std::string& slot, size_t group_idx) const;
  std::string render() const;

  const TemplateBank& bank_;
  const data::Product& product_;
  const Plan& plan_;
  const TemplateCategory& category_;
  RandomStream random_;
  std::string noun_key_, noun_value_, noun_, this_;
  std::vector<std::vector<Piece>> pieces_;             // of each group, without the noun
  const SentencePlan* sentence_plan_ = nullptr;
  std::map<std::string, std::string> key_slots_;       // filled in the first sentence
  std::string before_noun_;                            // brand and adjectives
  std::string closing_, finale_, second_finale_;
  std::set<std::string> used_;                         // texts and shapes of clauses already in the text
};

/// What must not come twice in a text: the clause's first two characters, and its frame without what is peculiar to
/// its key ("领口为v领" and "袖型为泡泡袖" are both "为|").
std::vector<std::string> shapes_of(const std::string& clause) {
  std::vector<std::string> shapes{text::to_utf8(text::to_utf32(clause).substr(0, 2))};
  const size_t at = clause.find("{v}");
  if (at == std::string::npos) return shapes;
  const std::u32string before = text::to_utf32(clause.substr(0, at)), after = text::to_utf32(clause.substr(at + 3));
  shapes.push_back(text::to_utf8(before.substr(before.size() - std::min<size_t>(1, before.size()))) + "|" +
                   text::to_utf8(after.substr(0, 2)));
  return shapes;
}

void Draft::choose_noun() {
  const Subject subject = find_subject(product_);
  noun_key_ = subject.key;
  noun_value_ = subject.value;
  const ValuePhrases* own = bank_.value_phrases(noun_key_, noun_value_);
  noun_ = own && !own->word.empty() ? own->word : noun_value_.empty() ? category_.noun : noun_value_;
  this_ = pick(category_.these, random_);
}

void Draft::add_to_pieces(std::vector<Piece>& group, const SellingPoint& point) {
  const ValuePhrases* own = bank_.value_phrases(point.key, point.value);
  const std::string word = own && !own->word.empty() ? own->word : point.value;
  if (!own || own->clauses.empty()) {
    for (Piece& piece : group) {
      if (piece.key != point.key || (piece.own && !piece.own->clauses.empty())) continue;
      piece.values.push_back(point.value);
      piece.words.push_back(word);
      piece.own = nullptr;
      return;
    }
  }
  group.push_back({point.key, {point.value}, {word}, own, "", ""});
}

/// The points of each group but the noun; 外套 joins the noun (风衣外套), a value that the noun holds is said with it.
void Draft::collect_pieces() {
  for (const auto& group : plan_.groups) {
    pieces_.emplace_back();
    for (const int i : group) {
      const SellingPoint& point = plan_.points[static_cast<size_t>(i)];
      if (point.key == noun_key_ && point.value == noun_value_) continue;
      if (point.key == "衣样式" && noun_.find(point.value) != std::string::npos) continue;
      if (point.key == "衣样式" && point.value == "外套") noun_ += point.value;
      else add_to_pieces(pieces_.back(), point);
    }
  }
}

bool Draft::fits(const SentencePlan& plan) const {
  size_t pieces = pieces_[0].size();
  bool needs_rest = false;
  for (const std::string& slot : plan.first.required()) {
    needs_rest |= slot == "其余";
    if (!bank_.is_key_slot(slot)) continue;
    const bool there = std::any_of(pieces_[0].begin(), pieces_[0].end(), [&](const Piece& p) {
      return p.key == slot && (!p.own || p.own->clauses.empty());
    });
    if (!there) return false;
    --pieces;
  }
  return !needs_rest || pieces > 0;
}

void Draft::choose_sentence_plan() {
  std::vector<const SentencePlan*> plans;
  for (const SentencePlan& plan : bank_.plans(category_.name)) {
    if (fits(plan)) plans.push_back(&plan);
  }
  sentence_plan_ = pick(plans, random_);
  take_key_slots();
}

void Draft::take_key_slots() {
  auto& group = pieces_[0];
  for (const std::string& slot : sentence_plan_->first.required()) {
    if (!bank_.is_key_slot(slot)) continue;
    const auto piece = std::find_if(group.begin(), group.end(), [&](const Piece& p) {
      return p.key == slot && (!p.own || p.own->clauses.empty());
    });
    key_slots_[slot] = join(piece->words, "、");
    group.erase(piece);
  }
}

/// "" when the piece cannot stand before the noun.
std::string Draft::adjective_of(const Piece& piece) {
  if (piece.values.size() != 1) return "";
  std::vector<std::string> texts;
  if (piece.own && piece.own->no_adjective) return "";
  if (piece.own) texts = piece.own->adjectives;
  if (texts.empty()) texts = texts_of(piece.key, PhraseForm::adjective, piece.words);
  if (texts.empty()) return "";
  const std::string text = pick(texts, random_);
  // 针织 before 针织衫, 蓝色牛仔布 before 牛仔裙 would say a syllable twice.
  const std::u32string head = text::to_utf32(piece.values[0]).substr(0, 2);
  return noun_.find(text::to_utf8(head)) == std::string::npos ? text : "";
}

/// 简约风格的 before 黑色 before 印花 before 丝绒 before v领.
int adjective_rank(const std::string& key, bool is_de) {
  if (is_de) return 0;
  return key == "颜色" ? 1 : key == "图案" ? 2 : key == "材质" ? 3 : 4;
}

void Draft::choose_adjectives() {
  auto& group = pieces_[0];
  // One clause at least stays behind the noun, or "这条黑色裙子。" would stand without a verb.
  const size_t room = group.empty() ? 0 : std::min(kMaxAdjectives, group.size() - 1);
  const size_t most = room == 0 ? 0 : random_.below(room + 1);
  std::vector<std::pair<int, std::string>> chosen;  // by their place before the noun
  bool has_de = false;
  for (auto piece = group.begin(); piece != group.end() && chosen.size() < most;) {
    const std::string text = adjective_of(*piece);
    const bool is_de = text.ends_with("的");
    if (text.empty() || (is_de && has_de)) {
      ++piece;
      continue;
    }
    if (piece->key == "裙型" && noun_key_ == "类型") noun_ = noun_value_;  // 百褶裙, not 百褶裙子
    has_de |= is_de;
    chosen.emplace_back(adjective_rank(piece->key, is_de), text);
    piece = group.erase(piece);
  }
  std::stable_sort(chosen.begin(), chosen.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  before_noun_ = product_.brand;
  for (const auto& [rank, text] : chosen) before_noun_ += text;
}

std::vector<std::string> Draft::texts_of(const std::string& key, PhraseForm form,
                                         const std::vector<std::string>& values) const {
  std::vector<std::string> out, for_numbers;
  for (const Phrase* phrase : bank_.phrases(category_, key, form)) {
    if (!values.empty() && !phrase->fits(values)) continue;
    std::string text = phrase->text;
    if (form == PhraseForm::adjective) text = replace_all(text, "{v}", join(values, "、"));
    (phrase->when == "number" ? for_numbers : out).push_back(std::move(text));
  }
  return for_numbers.empty() ? out : for_numbers;
}

std::vector<std::string> Draft::clauses_of(const Piece& piece) const {
  if (piece.own && !piece.own->clauses.empty()) return piece.own->clauses;
  std::vector<std::string> texts = texts_of(piece.key, PhraseForm::clause, piece.words);
  if (texts.empty()) texts = texts_of("*", PhraseForm::clause, piece.words);
  if (texts.empty()) throw InternalError(concat("[write_from_template] no clause for ", piece.key, "#", piece.values[0]));
  for (std::string& text : texts) text = replace_all(text, "{k}", piece.key);
  return texts;
}

/// One of the texts with the fewest shapes that the text already has; "" when there are none.
std::string Draft::unused(std::vector<std::string> texts) {
  if (texts.empty()) return "";
  random_.shuffle(texts);
  const auto repeats = [&](const std::string& text) {
    const auto shapes = shapes_of(text);
    return std::count_if(shapes.begin(), shapes.end(), [&](const std::string& s) { return used_.contains(s); });
  };
  const std::string best = *std::min_element(texts.begin(), texts.end(), [&](const std::string& a, const std::string& b) {
    return repeats(a) < repeats(b);
  });
  for (const std::string& shape : shapes_of(best)) used_.insert(shape);
  used_.insert(best);
  return best;
}

std::string Draft::choose_clause(const Piece& piece) {
  return replace_all(unused(clauses_of(piece)), "{v}", join(piece.words, "、"));
}

std::vector<Extra> Draft::collect_extras() {
  std::vector<Extra> extras;
  auto offer = [&](std::string& place, const std::string& key, PhraseForm form, const std::vector<std::string>& values) {
    std::vector<std::string> texts = texts_of(key, form, values);
    if (texts.empty()) texts = texts_of("*", form, values);
    std::erase_if(texts, [&](const std::string& text) { return used_.contains(text); });
    if (!texts.empty()) extras.push_back({&place, unused(texts)});
  };
  for (auto& group : pieces_) {
    for (Piece& piece : group) offer(piece.tail, piece.key, PhraseForm::tail, piece.words);
  }
  random_.shuffle(extras);
  // An ending comes before the tails, so that texts do not all stop at their last fact.
  const bool clause_first = random_.below(2) == 0;
  const auto tails = static_cast<std::ptrdiff_t>(extras.size());
  if (clause_first) offer(closing_, "*", PhraseForm::closing, {});
  offer(finale_, "*", PhraseForm::finale, {});
  if (!clause_first) offer(closing_, "*", PhraseForm::closing, {});
  if (tails < std::ssize(extras)) std::rotate(extras.begin(), extras.begin() + tails, extras.begin() + tails + 1);
  offer(second_finale_, "*", PhraseForm::finale, {});
  return extras;
}

void Draft::add_extras() {
  int length = length_of(render());
  for (Extra& extra : collect_extras()) {
    const int added = length_of(extra.text) + 1;
    if (length + added > plan_.length * (1 + kLengthTolerance)) continue;
    *extra.place = extra.text;
    length += added;
    if (length >= plan_.length) break;
  }
}

const TemplatePattern& Draft::pattern_of(size_t group_idx) const {
  if (group_idx == 0) return sentence_plan_->first;
  if (group_idx + 1 == pieces_.size()) return sentence_plan_->last;
  static const TemplatePattern plain = TemplatePattern::parse("{其余}。", "sentences after the third");
  return group_idx == 1 ? sentence_plan_->second : group_idx == 2 ? sentence_plan_->third : plain;
}

std::string Draft::slot_value(const std::string& slot, size_t group_idx) const {
  if (slot == "这") return this_;
  if (slot == "前饰") return before_noun_;
  if (slot == "主体") return noun_;
  if (slot == "统称") return category_.noun;
  if (slot == "收尾") return closing_;
  if (slot == "尾句") return finale_;
  if (slot == "标题") {
    const std::string& title = product_.title_raw;
    return title.empty() || text::count_code_points(title) > kMaxTitle ? "" : "「" + title + "」";
  }
  if (slot != "其余") return key_slots_.at(slot);
  std::vector<std::string> clauses;
  for (const Piece& piece : pieces_[group_idx]) {
    clauses.push_back(piece.clause);
    if (!piece.tail.empty()) clauses.push_back(piece.tail);
  }
  return join(clauses, "，");
}

std::string Draft::render() const {
  std::string out;
  for (size_t i = 0; i < pieces_.size(); ++i) {
    if (i > 0 && pieces_[i].empty()) continue;  // said with the noun
    const auto value_of = [&](const std::string& slot) { return slot_value(slot, i); };
    const auto sentence = pattern_of(i).render(value_of, {"前饰"});
    if (!sentence) throw InternalError(concat("[write_from_template] empty slot in ", category_.name, "/", sentence_plan_->name));
    out += *sentence;
  }
  const bool one_sentence = pieces_.size() == 1;  // its pattern has no place for endings
  if (one_sentence && !closing_.empty()) out = out.substr(0, out.size() - std::string("。").size()) + "，" + closing_ + "。";
  if (one_sentence && !finale_.empty()) out += finale_ + "。";
  if (!second_finale_.empty()) out += second_finale_ + "。";
  return out;
}

/// Values that the text does not hold literally.
int count_missing(const data::Product& product, const Plan& plan, const std::string& text) {
  int missing = 0;
  for (const SellingPoint& point : plan.points) {
    if (text.find(point.value) == std::string::npos) ++missing;
    for (const int i : point.attr_idx) {
      if (text.find(product.attributes[static_cast<size_t>(i)].val) == std::string::npos) ++missing;
    }
  }
  return missing;
}

/// What a draw may cost to be taken at once. It rises soon: the best of many draws would be alike for all candidates.
double accepted_cost(uint64_t attempt) { return attempt < 3 ? 0.1 : attempt < 6 ? 0.2 : 0.99; }

}  // namespace

std::string write_from_template(const TemplateBank& bank, const data::Product& product, const Plan& plan, RandomKey key) {
  VITRINE_REQUIRE(!plan.groups.empty(), "[write_from_template] product ", product.id, ": expected a plan with points, got none");
  std::string best;
  double best_cost = std::numeric_limits<double>::infinity();
  for (uint64_t attempt = 0; attempt < kAttempts; ++attempt) {
    const std::string text = Draft(bank, product, plan, key.fold_in(attempt)).write();
    const double off = std::abs(length_of(text) - plan.length) / static_cast<double>(plan.length);
    const double cost = off + count_missing(product, plan, text);
    if (cost < best_cost) {
      best_cost = cost;
      best = text;
    }
    if (best_cost <= accepted_cost(attempt)) break;
  }
  return best;
}

std::string write_from_template(const data::Product& product, const Plan& plan, RandomKey key) {
  static const TemplateBank bank = TemplateBank::load();
  return write_from_template(bank, product, plan, key);
}

}  // namespace vitrine::copywriting
