// What the JVM looks up by name; everything else is hidden.
#pragma once

#define EXPORTED extern "C" __attribute__((visibility("default")))
