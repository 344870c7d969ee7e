#include "recipes/align_images_report.h"

#include "base/base64.h"
#include "base/error.h"
#include "base/html_report.h"
#include "recipes/interval_json.h"

namespace vitrine::recipes {
namespace {

std::vector<double> rewards_of(const MeasuredRound& model, const RewardParts& weights, const RewardScale& scale) {
  std::vector<double> rewards;
  for (const RewardParts& parts : model.parts) rewards.push_back(reward_of(parts, weights, scale));
  return rewards;
}

std::vector<double> column(const MeasuredRound& model, size_t part) {
  std::vector<double> values;
  for (const RewardParts& parts : model.parts) values.push_back(parts[part]);
  return values;
}

std::vector<double> differences(std::vector<double> values, const std::vector<double>& from) {
  for (size_t i = 0; i < values.size(); ++i) values[i] -= from[i];
  return values;
}

void require_alike(const std::vector<MeasuredRound>& models, int64_t pictures_per_prompt) {
  VITRINE_REQUIRE(!models.empty() && pictures_per_prompt > 0, "[measured_rounds] no models, or no pictures of a prompt");
  for (const MeasuredRound& model : models) {
    VITRINE_REQUIRE(model.parts.size() == models.front().parts.size() && model.parts.size() % static_cast<size_t>(pictures_per_prompt) == 0,
                    "[measured_rounds] ", model.name, ": expected ", models.front().parts.size(), " pictures, ", pictures_per_prompt, " of each prompt, got ",
                    model.parts.size());
  }
}

}  // namespace

Json measured_rounds(const std::vector<MeasuredRound>& models, const RewardParts& weights, int64_t pictures_per_prompt, int resamples) {
  require_alike(models, pictures_per_prompt);
  std::vector<uint32_t> prompts;
  for (size_t i = 0; i < models.front().parts.size(); ++i) prompts.push_back(static_cast<uint32_t>(i / static_cast<size_t>(pictures_per_prompt)));
  const eval::Bootstrap bootstrap(prompts, {.resamples = resamples});
  const RewardScale scale = reward_scale(models.front().parts);
  const std::vector<double> first = rewards_of(models.front(), weights, scale);
  Json rows = Json::array();
  for (const MeasuredRound& model : models) {
    const std::vector<double> rewards = rewards_of(model, weights, scale);
    Json row{{"name", model.name}, {"reward", interval_json(rewards, bootstrap)}, {"gain", interval_json(differences(rewards, first), bootstrap)}};
    for (size_t part = 0; part < kRewardParts; ++part) row[kRewardNames[part]] = interval_json(column(model, part), bootstrap);
    row["likeness_to_base"] = model.likeness_to_base;
    rows.push_back(std::move(row));
  }
  return rows;
}

std::string align_images_html(const Json& report, const std::vector<std::string>& grids) {
  HtmlReport page("图片对齐报告 · align images");
  page.heading("未参与训练的提示上的奖励 (held-out prompts)");
  std::vector<std::vector<std::string>> rows;
  for (const Json& model : report.at("models")) {
    rows.push_back({model.at("name"), interval_cell(model.at("reward"), 1), interval_cell(model.at("gain"), 1), interval_cell(model.at("clip_score"), 1),
                    interval_cell(model.at("category_probability"), 100), interval_cell(model.at("colour_share"), 100), format_number(model.at("likeness_to_base"))});
  }
  page.table({"模型", "奖励 (reward)", "比首个模型 (gain)", "CLIPScore", "品类概率 %", "颜色占比 %", "文本与首个模型的相似"}, rows);
  page.paragraph(concat(report.at("prompts").size(), " 个提示 × ", report.at("pictures_per_prompt").get<int64_t>(),
                        " 张，各模型用相同的噪声；方括号内为按提示重抽样的 95 % 区间。奖励以首个模型图片的标准差为单位，其均值为 0。"));
  page.heading("每一轮学了什么 (rounds)");
  rows.clear();
  for (const Json& round : report.at("rounds")) {
    for (const char* which : {"drawn", "best"}) {
      std::vector<std::string> row{concat("第 ", round.at("round").get<int>(), " 轮，", std::string_view(which) == "drawn" ? "全部" : "每个提示最好的一张")};
      for (const char* part : kRewardNames) row.push_back(round.at(which).at(part).is_null() ? "–" : format_number(round.at(which).at(part)));
      rows.push_back(std::move(row));
    }
  }
  page.table({"", "CLIPScore", "品类概率", "颜色占比"}, rows);
  page.heading("同一提示、同一噪声的图片 (pictures)");
  for (size_t i = 0; i < grids.size(); ++i) {
    page.subheading(report.at("models").at(i).at("name").get<std::string>());
    page.raw(concat("<img alt=\"pictures\" style=\"max-width:100%\" src=\"", data_uri("image/png", grids[i]), "\">"));
  }
  page.list(report.at("prompts").get<std::vector<std::string>>());
  page.raw_text("设置 (settings)", dump_pretty(report.at("settings")));
  return page.html();
}

}  // namespace vitrine::recipes
