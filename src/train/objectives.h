// train/objectives.h - the objectives of preference training: pairs and lists for a ranking model,
// DPO and RRHF for a language model.
//
// All work on a group of documents with rewards (models/group_objective.h). A pair is two documents
// of different reward. Pairwise and DPO take the mean over the pairs of the group, so that a list of
// eight texts weighs what a pair weighs; RRHF and ListMLE are sums, as in their papers. A group whose
// rewards are all equal has no pair, and no ranking loss.
#pragma once
#include "models/group_objective.h"

namespace vitrine::train {

/// mean(-log sigmoid(chosen - rejected - margin)) + center_weight * mean((chosen + rejected)^2)
/// over the pairs. Stiennon et al. 2020 (arXiv 2009.01325), section 3.4; the mean over the pairs of
/// a list: Ouyang et al. 2022 (arXiv 2203.02155), equation 1; centring: Eisenstein et al. 2023
/// (arXiv 2312.09244), in the form of TRL's RewardTrainer.
class PairwiseObjective final : public models::GroupObjective {
 public:
  /// margin: score units by which chosen must win, >= 0; center_weight: >= 0, 0 = off. Throws
  /// InvalidInput.
  explicit PairwiseObjective(double margin = 0, double center_weight = 0);
  double loss(const models::GroupValues& group, std::span<double> derivatives) const override;
  Json settings() const override;

 private:
  double margin_, center_weight_;
};

/// -log of the Plackett-Luce probability of the order by reward: sum over the documents of
/// log(exp(value) + sum of exp over all of lower reward) - value. Documents of equal reward do not
/// compete with each other. ListMLE, Xia et al. 2008 (ICML); for two documents it is -log
/// sigmoid(chosen - rejected). The centring term is center_weight * (2 * mean value)^2, which for
/// two documents is that of PairwiseObjective.
class ListwiseObjective final : public models::GroupObjective {
 public:
  explicit ListwiseObjective(double center_weight = 0);
  double loss(const models::GroupValues& group, std::span<double> derivatives) const override;
  Json settings() const override;

 private:
  double center_weight_;
};

/// mean(-log sigmoid(beta * ((chosen - its ref_logp) - (rejected - its ref_logp)))) over the pairs;
/// values are sums of log-probabilities. Rafailov et al. 2023 (arXiv 2305.18290), equation 7.
class DpoObjective final : public models::GroupObjective {
 public:
  explicit DpoObjective(double beta);  // > 0; throws InvalidInput
  double loss(const models::GroupValues& group, std::span<double> derivatives) const override;
  Json settings() const override;

 private:
  double beta_;
};

/// rank_weight * sum over the pairs of max(0, p(rejected) - p(chosen)) - sft_weight * p(best),
/// where p is the mean log-probability of a predicted token; of several best ones their mean. Yuan
/// et al. 2023 (arXiv 2304.05302), equations 1 to 4, but for the last term, which is a mean over
/// tokens as the first is, so that the weights mean the same for texts of any length. A document
/// without a predicted token is refused.
class RrhfObjective final : public models::GroupObjective {
 public:
  RrhfObjective(double rank_weight, double sft_weight);  // >= 0; throws InvalidInput
  double loss(const models::GroupValues& group, std::span<double> derivatives) const override;
  Json settings() const override;

 private:
  double rank_weight_, sft_weight_;
};

}  // namespace vitrine::train
