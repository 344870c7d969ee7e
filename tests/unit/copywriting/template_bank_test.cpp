#include "copywriting/template_bank.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <set>

#include "base/error.h"
#include "base/file.h"
#include "data/advertisegen.h"
#include "unit/copywriting/shipped_set.h"

namespace vitrine::copywriting {
namespace {

namespace fs = std::filesystem;
const char* const kShipped = VITRINE_SOURCE_DIR "/rules/templates";

/// A copy of the shipped bank with one more line at the end of one file.
class BrokenBank {
 public:
  BrokenBank(const std::string& file, const std::string& line) {
    folder_ = fs::temp_directory_path() / ("template_bank_test_" + std::to_string(::getpid()));
    fs::remove_all(folder_);
    fs::copy(kShipped, folder_);
    write_file_atomic(folder_ / file, read_file(folder_ / file) + line + "\n");
  }
  ~BrokenBank() { fs::remove_all(folder_); }

  std::string message() const {
    try {
      TemplateBank::load(folder_);
      return "loaded";
    } catch (const Corrupt& e) {
      return e.what();
    }
  }

 private:
  fs::path folder_;
};

void expect_refused(const std::string& file, const std::string& line, const std::string& what) {
  const std::string message = BrokenBank(file, line).message();
  EXPECT_NE(message.find(file + " row "), std::string::npos) << message;
  EXPECT_NE(message.find(what), std::string::npos) << message;
}

TEST(TemplateBankTest, ABrokenRowIsRefusedWithFileRowFieldAndValue) {
  expect_refused("plans.tsv", "裙\t坏\t{这}{主体}", "expected 6 cells");
  expect_refused("plans.tsv", "裙\t坏\t{这}{主体[。\t{其余}。\t{其余}。\t{其余}。", "first");
  expect_refused("plans.tsv", "裙\t坏\t{这}，{其余}。\t{其余}。\t{其余}。\t{其余}。", "expected {主体}");
  expect_refused("plans.tsv", "裙\t坏\t{这}{主体}[，{其余}]。\t好。\t{其余}。\t{其余}。", "second");
  expect_refused("plans.tsv", "裙\t坏\t{这}{主体}[，{其余}]。\t{颜色}，{其余}。\t{其余}。\t{其余}。", "颜色");
  expect_refused("clothes.tsv", "服饰\t版型\tverse\tany\t版型{v}", "got \"verse\"");
  expect_refused("clothes.tsv", "服饰\t版型\tclause\tsometimes\t版型{v}", "got \"sometimes\"");
  expect_refused("clothes.tsv", "服饰\t版型\tclause\tany\t版型好", "expected {v}");
  expect_refused("values.tsv", "风格\t潮\tclause\t很时髦", "expected it to hold 潮");
}

TEST(TemplateBankTest, AMissingFileIsNotFound) { EXPECT_THROW(TemplateBank::load("/nowhere"), NotFound); }

TEST(TemplateBankTest, EachCategoryHasEightDifferentSentencePlans) {
  const auto bank = TemplateBank::load(kShipped);
  for (const char* category : {"裙", "上衣", "裤", "通用", "民宿"}) {
    std::set<std::string> openings;
    for (const SentencePlan& plan : bank.plans(category)) openings.insert(plan.first.fixed_text() + plan.last.fixed_text());
    EXPECT_GE(openings.size(), 8u) << category;
  }
}

TEST(TemplateBankTest, EveryKeyOfTheShippedSetHasPhrasesOfItsOwn) {
  const auto bank = TemplateBank::load(kShipped);
  std::set<std::string> keys;
  for (const auto& product : train_set()) {
    for (const auto& a : product.attributes) keys.insert(a.key);
  }
  EXPECT_EQ(keys.size(), 28u);
  for (const std::string& key : keys) {
    const auto& skirt = bank.categories()[1];
    EXPECT_GE(bank.phrases(skirt, key, PhraseForm::clause).size(), key == "类型" ? 1u : 2u) << key;
  }
}

TEST(TemplateBankTest, FixedPhrasesHoldNoValueOfTheShippedVocabulary) {
  const auto bank = TemplateBank::load(kShipped);
  std::set<std::string> values;
  for (const auto& product : train_set()) {
    for (const auto& a : product.attributes) values.insert(a.val);
  }
  for (const char* noun : {"裙", "裤", "上衣"}) values.erase(noun);
  for (const auto& [place, text] : bank.fixed_texts()) {
    if (place.starts_with("民宿") || place.starts_with("通用")) continue;  // the vocabulary is of clothes
    const size_t own = place.find('#');                                    // phrases of a value may say it
    for (const std::string& value : values) {
      const bool is_own = own != std::string::npos && place.substr(own + 1).find(value) != std::string::npos;
      EXPECT_TRUE(is_own || text.find(value) == std::string::npos) << place << ": " << text << " holds " << value;
    }
  }
}

TEST(TemplateBankTest, CategoriesGoByTypeThenByCategoryPath) {
  const auto bank = TemplateBank::load(kShipped);
  data::Product product = data::product_from_content("颜色#白色");
  EXPECT_EQ(bank.category_of(product).name, "通用");
  product.category_path = {"女装", "连衣裙"};
  EXPECT_EQ(bank.category_of(product).name, "裙");
  product.category_path = {"民宿"};
  EXPECT_EQ(bank.category_of(product).name, "民宿");
  EXPECT_EQ(bank.category_of(data::product_from_content("类型#上衣*衣样式#马甲")).name, "上衣");
}

}  // namespace
}  // namespace vitrine::copywriting
