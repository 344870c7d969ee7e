#include "checks/html_label.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace vitrine::checks {
namespace {

constexpr const char* kPage =
    "<!doctype html><html><head><title>AI生成</title></head><body "
    "class=\"a>b\"><p>好看。</p></body></html>";

ImplicitLabel example() {
  ImplicitLabel label;
  label.content_producer = "\"A&B\"";
  label.produce_id = "vt-1";
  return label;
}

TEST(HtmlLabelTest, TextIsWhatStandsBetweenTags) {
  EXPECT_EQ(read_html_page(kPage).text, "好看。");
  EXPECT_EQ(
      read_html_page(
          "a<!-- AI生成 --><script>'AI生成'</script><style>x</style><b title='AI生成>'>b</b> 1<2")
          .text,
      "ab 1<2");
}

TEST(HtmlLabelTest, TheNoticeStandsInTheBody) {
  const ExplicitLabel label{.wording = "（AI生成）"};
  EXPECT_NE(with_html_notice(kPage, read_html_page(kPage), label)
                .find("<p>好看。</p><p>（AI生成）</p>\n</body>"),
            std::string::npos);
  const ExplicitLabel start{.wording = "（AI生成）", .place = LabelPlace::start};
  EXPECT_NE(with_html_notice(kPage, read_html_page(kPage), start)
                .find("<body class=\"a>b\"><p>（AI生成）</p>"),
            std::string::npos);
  EXPECT_THROW(with_html_notice("<p>x</p>", read_html_page("<p>x</p>"), label), InvalidInput);
}

TEST(HtmlLabelTest, TheMetadataIsReadBackAsItWasWritten) {
  const std::string page = with_html_meta(kPage, read_html_page(kPage), example());
  const auto read = read_html_page(page);
  ASSERT_EQ(read.metas.size(), 1u);
  EXPECT_EQ(read.metas[0].content, annex_e_text(example()));
  EXPECT_EQ(page.find("<head><meta name=\"AIGC\""), std::string(kPage).find("<head>"));
}

TEST(HtmlLabelTest, ASecondWritingTakesThePlaceOfTheFirst) {
  const std::string once = with_html_meta(kPage, read_html_page(kPage), example());
  ImplicitLabel other = example();
  other.content_propagator = "p";
  const auto read = read_html_page(with_html_meta(once, read_html_page(once), other));
  ASSERT_EQ(read.metas.size(), 1u);
  EXPECT_EQ(read.metas[0].content, annex_e_text(other));
}

TEST(HtmlLabelTest, TheIntegrityValueDoesNotDependOnTheElementItself) {
  const std::string page = with_html_meta(kPage, read_html_page(kPage), example());
  const auto parts = html_content_parts(page, read_html_page(page));
  EXPECT_EQ(integrity_value(parts, "x", nullptr), integrity_value(kPage, "x", nullptr));
}

TEST(HtmlLabelTest, MetadataOfAnySpellingIsFoundAndOddPagesAreRead) {
  EXPECT_EQ(read_html_page("<META content='{}' NAME=aigc>").metas.size(), 1u);
  EXPECT_EQ(read_html_page("<meta name=\"author\" content=\"AIGC\">").metas.size(), 0u);
  for (const char* odd : {"<", "<meta", "<meta name", "<meta name=", "<meta name=\"AIGC", "<!--",
                          "<script>", "</", "<a b=c", "<meta =>", "<meta x y z>"}) {
    read_html_page(odd);  // ends
  }
}

}  // namespace
}  // namespace vitrine::checks
