/** Pages of one file: the report of a run, a comparison of several, and what a program shows. */
package org.vgg4j.report;
