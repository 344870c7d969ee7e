# cmake -D NODE=node -D NPM=npm-cli.js -D WEB=web -D PROGRAM=vitrine -P page_in_a_browser.cmake
# Runs the page's browser tests (npm run e2e) against the real program. Where something is not
# installed it says "left out:", by which CTest knows that the test was skipped.

if(DEFINED ENV{VITRINE_CHROMIUM})
  set(BROWSER "$ENV{VITRINE_CHROMIUM}")
else()
  find_program(BROWSER chromium PATHS /usr/bin)
endif()
if(NOT NODE)
  message("left out: no Node.js 20.19 or later")
elseif(NOT EXISTS "${WEB}/node_modules/playwright-core")
  message("left out: no packages of npm in ${WEB} (the build fetches them when it has a network)")
elseif(NOT BROWSER)
  message("left out: no browser (Debian: chromium, fonts-noto-cjk)")
else()
  set(ENV{VITRINE_PROGRAM} "${PROGRAM}")
  set(ENV{VITRINE_CHROMIUM} "${BROWSER}")
  cmake_path(GET NODE PARENT_PATH folder)
  set(ENV{PATH} "${folder}:$ENV{PATH}")  # scripts of packages start `node`
  execute_process(COMMAND "${NODE}" "${NPM}" run e2e WORKING_DIRECTORY "${WEB}" RESULT_VARIABLE code)
  if(NOT code EQUAL 0)
    message(FATAL_ERROR "the browser tests failed: ${code}")
  endif()
endif()
