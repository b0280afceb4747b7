/** The command line: arguments to records, results to the terminal, nothing else. */
package org.vgg4j.cli;
