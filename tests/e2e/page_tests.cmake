# cmake -D NODE=node -D NPM=npm-cli.js -D WEB=web -D SCRIPT=check|test|e2e [-D PROGRAM=vitrine] [-D PAGE=dist] -P page_tests.cmake
# Runs one of the page's own scripts: its types, its unit tests, its browser tests. Browser tests go to
# the real program, or without PROGRAM to a server in memory that serves what was built (PAGE). Where
# something is not installed it says "left out:", by which CTest knows that the test was skipped.

if(DEFINED ENV{VITRINE_CHROMIUM})
  set(BROWSER "$ENV{VITRINE_CHROMIUM}")
else()
  find_program(BROWSER chromium PATHS /usr/bin)
endif()
if(NOT NODE)
  message("left out: no Node.js 20.19 or later")
elseif(NOT EXISTS "${WEB}/node_modules/playwright-core")
  message("left out: no packages of npm in ${WEB} (the build fetches them when it has a network)")
elseif(SCRIPT STREQUAL "e2e" AND NOT BROWSER)
  message("left out: no browser (Debian: chromium, fonts-noto-cjk)")
else()
  if(PROGRAM)
    set(ENV{VITRINE_PROGRAM} "${PROGRAM}")
  endif()
  if(PAGE)
    set(ENV{VITRINE_PAGE} "${PAGE}")
  endif()
  set(ENV{VITRINE_CHROMIUM} "${BROWSER}")
  cmake_path(GET NODE PARENT_PATH folder)
  set(ENV{PATH} "${folder}:$ENV{PATH}")  # scripts of packages start `node`
  execute_process(COMMAND "${NODE}" "${NPM}" run "${SCRIPT}" WORKING_DIRECTORY "${WEB}" RESULT_VARIABLE code)
  if(NOT code EQUAL 0)
    message(FATAL_ERROR "npm run ${SCRIPT} failed: ${code}")
  endif()
endif()
