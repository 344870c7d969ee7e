// copywriting/write_config.h - the settings of `write`, named as in the transformers library where it has them.
#pragma once
#include <string>
#include <vector>

#include "base/config.h"
#include "copywriting/candidates.h"
#include "copywriting/plan.h"

namespace vitrine::copywriting {

/// The embedded copy model, and the ranking model that was made for it.
inline constexpr const char* kEmbeddedModel = "copy-mini";
inline constexpr const char* kEmbeddedRanker = "ranker-mini";

struct WriteConfig {
  std::string model = kEmbeddedModel;
  std::string ranker = "auto";  // kEmbeddedRanker with kEmbeddedModel, else none; "" = none
  int num_return_sequences = 8;
  double temperature = 0.8;
  double top_p = 0.9;
  int top_k = 0;
  double repetition_penalty = 1.0;
  int no_repeat_ngram_size = 0;
  int max_new_tokens = 80;
  std::string field = "description";
  std::string style = "taobao";
  bool style_rules = true;       // no: the style is a control token of the prompt alone
  std::string platform;
  std::string events;            // events file
  std::string polish;            // text to rewrite
  std::string catalogue;         // accepted copy of other products
  double max_likeness = 0.6;
  double likeness_penalty = 3;
  std::string audience;
  int length = 110;
  std::vector<std::string> keywords;
  std::string baseline;          // "" = model, template, retrieval
  bool check = true;             // drop candidates with faults
  bool normalize = true;
  bool open_plan = false;        // the model orders and groups the points
  bool complete_open_plan = true;  // what it left out is asked for at the end
  bool enforce_groups = true;
  bool constrain_facts = true;
  int num_beams = 0;             // 0 = sampling
  int num_beam_groups = 1;
  double diversity_penalty = 0;
  double length_penalty = 1;
  int variants = 3;
  int retries = 1;
  int rewrites = 2;
  int64_t min_category_rows = 20;
  int64_t seed = 0;
  PlanConfig plan;
  OrderConfig order;

  void describe(FieldVisitor& v) {
    v.field("model", model, "copy model: a folder, or a name in models/");
    v.field("ranker", ranker, "ranking model that has a say in the order of candidates: a folder, or a name in models/; auto = ranker-mini with the model of the name copy-mini, none with another; empty = none");
    v.field("num_return_sequences", num_return_sequences, "candidates of each product (-n)", 1, 1000);
    v.field("temperature", temperature, "0 = greedy", 0, 10);
    v.field("top_p", top_p, "nucleus: smallest set of tokens with this probability", 0.01, 1);
    v.field("top_k", top_k, "only the k likeliest tokens; 0 = off", 0, 1000000);
    v.field("repetition_penalty", repetition_penalty, "1 = off", 0.1, 10);
    v.field("no_repeat_ngram_size", no_repeat_ngram_size, "no n tokens twice; 0 = off", 0, 100);
    v.field("max_new_tokens", max_new_tokens, "longest sentence, tokens", 1, 100000);
    v.field("field", field, "title | short_title | description: what is written", {"title", "short_title", "description"});
    v.field("style", style, "taobao | douyin | xiaohongshu | jd", {"taobao", "douyin", "xiaohongshu", "jd"});
    v.field("style_rules", style_rules, "put candidates into the style by the rules of rules/styles; without it the style is a control token of the prompt alone");
    v.field("platform", platform, "where the copy will stand: its lengths hold (rules/checks/lengths.tsv); empty = nowhere in particular");
    v.field("events", events, "events file: seasons and holidays that may be woven in where the product supports them");
    v.field("polish", polish, "a text about the product: rewritten under the same checks, with the facts it states");
    v.field("catalogue", catalogue, "accepted copy (JSONL of id, text, or lines of `write`): candidates too like another product's are written anew");
    v.field("max_likeness", max_likeness, "character ROUGE-L from which a candidate is too like", 0.01, 1);
    v.field("likeness_penalty", likeness_penalty, "nats that a token loses when it writes 4 characters that the other copy has", 0.01, 100);
    v.field("audience", audience, "women | men | empty", {"", "women", "men"});
    v.field("length", length, "code points wanted; a style may want fewer (rules/styles/styles.tsv)", 20, 2000);
    v.field("keywords", keywords, "search words, separated by commas");
    v.field("baseline", baseline, "template | retrieval: copy without the model", {"", "template", "retrieval"});
    v.field("check", check, "drop candidates with faults");
    v.field("normalize", normalize, "normalise attributes before planning");
    v.field("open_plan", open_plan, "state all points at once, in the order of the source: the model orders and groups them itself");
    v.field("complete_open_plan", complete_open_plan, "an open plan ends with sentences for the points that the model left out");
    v.field("enforce_groups", enforce_groups, "keep each point in its sentence");
    v.field("constrain_facts", constrain_facts, "numbers, names, materials and functions come from the input only");
    v.field("num_beams", num_beams, "beams of each sentence instead of draws; 0 = off", 0, 256);
    v.field("num_beam_groups", num_beam_groups, "groups of beams that avoid each other's tokens", 1, 256);
    v.field("diversity_penalty", diversity_penalty, "nats that a token of an earlier group of beams loses", 0, 1000);
    v.field("length_penalty", length_penalty, "of beams: above 0 favours long sentences, below 0 short ones", -100, 100);
    v.field("variants", variants, "draws of each sentence, of which the best goes on", 1, 100);
    v.field("retries", retries, "times a sentence is drawn again when no draw is good", 0, 100);
    v.field("rewrites", rewrites, "times a candidate with faults, or out of the plan's order, is written anew", 0, 100);
    v.field("min_category_rows", min_category_rows, "categories with fewer training rows get template copy", 0, 1e9);
    v.field("seed", seed, "seed of all random choices");
    plan.describe(v);
    order.describe(v);
  }
  /// Throws InvalidInput, naming the field, its value and what is expected.
  void validate() const;
  /// The ranking model to load; "" = none.
  std::string ranker_name() const { return ranker != "auto" ? ranker : model == kEmbeddedModel ? kEmbeddedRanker : ""; }
  /// Why the settings of beam search do not fit together, one line; "" when they do.
  std::string beam_fault() const;
};

}  // namespace vitrine::copywriting
