#include "serve/body_reader.h"

#include <gtest/gtest.h>

#include "serve/job_request.h"

namespace vitrine::serve {
namespace {

/// What a body is refused with: "code /field /field".
template <typename Read>
std::string refusal(const std::string& text, Read read) {
  try {
    const Json json = parse_body(text);
    read(json);
  } catch (const Refusal& refused) {
    std::string words(refused.kind().code);
    for (const FieldFault& fault : refused.faults()) words += " " + fault.field;
    return words;
  }
  return "taken";
}

void read_person(const Json& json) {
  BodyReader body(json);
  body.require({"name", "age"});
  body.text("name", {.min = 1, .max = 3});
  body.integer("age", 0, 150);
  body.flag("is_open");
  body.texts("tags", {.min = 0, .max = 2, .unique = true, .item = {.min = 1, .max = 5}});
  BodyReader inner = body.object("place");
  inner.number("x", 0, 1);
  inner.finish();
  body.finish();
}

TEST(BodyReaderTest, TakesWhatIsDescribed) {
  EXPECT_EQ(refusal(R"({"name":"王小明","age":0,"tags":["a","b"],"place":{"x":0.5}})", read_person), "taken");
}

TEST(BodyReaderTest, NamesEveryFaultByItsPlace) {
  EXPECT_EQ(refusal(R"({"age":-1,"is_open":"yes","tags":["a","a"],"place":{"x":2}})", read_person),
            "bad_request /name /age /is_open /tags/1 /place/x");
  EXPECT_EQ(refusal(R"({"name":"","age":151})", read_person), "bad_request /name /age");
  EXPECT_EQ(refusal(R"({"name":"abcd","age":1.5})", read_person), "bad_request /name /age");
  EXPECT_EQ(refusal(R"({"name":"a","age":18446744073709551615})", read_person), "bad_request /age");
  EXPECT_EQ(refusal(R"({"name":"a\u0000b","age":1})", read_person), "bad_request /name");
  EXPECT_EQ(refusal(R"([])", read_person), "bad_request");
}

TEST(BodyReaderTest, AFieldThatIsNotDescribedIsRefusedByItsOwnCode) {
  EXPECT_EQ(refusal(R"({"name":"a","age":1,"admin":true})", read_person), "unknown_field /admin");
  EXPECT_EQ(refusal(R"({"name":"a","age":1,"place":{"x":0,"y":0}})", read_person), "unknown_field /place/y");
}

TEST(BodyReaderTest, TextThatIsNoJsonIsRefused) {
  for (const std::string& text : std::vector<std::string>{"", "{", "{\"a\":}", "\"\xff\"", "{\"a\":\"\xe8\xa3\"}", "nan"}) {
    EXPECT_EQ(refusal(text, read_person), "bad_json") << text;
  }
  EXPECT_EQ(refusal(std::string(100000, '['), read_person), "bad_json");
}

Json example(const std::string& name) { return read_json_file(std::string(VITRINE_SOURCE_DIR) + "/docs/api/examples/" + name); }

TEST(JobRequestTest, TakesTheExamplesOfTheContract) {
  for (const char* name : {"import-job", "write-job", "draw-job", "batch-job", "export-job", "round-job", "gate-job", "job-request"}) {
    EXPECT_NO_THROW(read_job_request(example(name + std::string(".json")))) << name;
  }
  const Json factors = example("factors.json");
  EXPECT_EQ(to_json(read_factors(BodyReader(factors))), factors);
}

TEST(JobRequestTest, RefusesWhatTheKindDoesNotHave) {
  const auto read = [](const Json& json) { read_job_request(json); };
  EXPECT_EQ(refusal(R"({"kind":"bogus"})", read), "bad_request /kind");
  EXPECT_EQ(refusal(R"({"kind":"gate","model_id":"m","seed":1})", read), "unknown_field /seed");
  EXPECT_EQ(refusal(R"({"kind":"write","plan_id":"p","num_return_sequences":33,"seed":0})", read), "bad_request /num_return_sequences");
  EXPECT_EQ(refusal(R"({"kind":"draw","product_id":"p","num_images_per_prompt":1,"seed":0,"width":130})", read), "bad_request /width");
  EXPECT_EQ(refusal(R"({"kind":"gate","model_id":"m","priority":"urgent"})", read), "bad_request /priority");
}

}  // namespace
}  // namespace vitrine::serve
