// store/candidates.h - texts that were written and pictures that were drawn: also the history.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "store/of_shop.h"
#include "store/page.h"

namespace vitrine::store {

enum class CandidateKind { copy, image };
template <>
struct EnumWords<CandidateKind> {
  static constexpr std::string_view words[] = {"copy", "image"};
};

/// A candidate never changes, but that its details come in two parts (set_details). What only copy or only images have is empty or 0 in the other.
struct Candidate {
  std::string id;
  CandidateKind kind = CandidateKind::copy;
  std::string product_id, job_id;
  std::string plan_id;  // of copy
  int index = 0;        // i of n in its job
  std::string text, prompt;
  int tokens = 0;
  double logprob = 0;  // natural logarithm
  std::string origin;  // model | template | retrieval
  std::string verdict;
  int width = 0, height = 0;      // pixels
  std::string file, file_sha256;  // of the labelled picture: where the server keeps it
  std::string produce_id;
  std::string model_sha256;  // empty = no model (the template)
  int64_t seed = 0;
  int round = 0;            // of the model; 0 = before any round
  std::string search_text;  // what the search looks into: text, title, style=jd, seed=7, model hash
  Document params;          // all settings in force
  Document details;         // scores, hits, claims, lengths, faults, keywords, use, defects
  UtcMillis created_at{};
};

struct CandidateFilter {
  std::string words;
  std::optional<CandidateKind> kind;
  std::string product_id, job_id, board_id;  // empty = any
};

class Candidates : public OfShop {
 public:
  using OfShop::OfShop;

  /// Those whose id is there stay as they are: a job that is resumed may add them again. How many
  /// were new. Throws InvalidInput for a product or plan that the shop does not have.
  int64_t add(const std::vector<Candidate>& candidates);
  /// Gives those that are stored with this id and text their details anew: scores that need the other candidates
  /// of the job come last.
  void set_details(const std::vector<Candidate>& candidates);
  std::optional<Candidate> find(const std::string& id);
  /// In the order of `ids`; unknown ones are left out.
  std::vector<Candidate> find_all(const std::vector<std::string>& ids);
  Page<Candidate> list(const CandidateFilter& filter, const PageRequest& request);  // newest first
};

}  // namespace vitrine::store
