package org.vgg4j.cli;

import org.vgg4j.run.Settings;
import picocli.CommandLine.IVersionProvider;

/** The version in the jar's manifest. */
final class Version implements IVersionProvider {
  @Override
  public String[] getVersion() {
    return new String[] {"vgg4j " + Settings.version()};
  }
}
