#!/usr/bin/env node
'use strict';
// Starts the command line on a Node that can run it. Plain old syntax on purpose: this file must be
// readable by any Node, because its first job is to notice that the one it was started on is too old.
var path = require('path');
var fs = require('fs');

var MINIMUM = [22, 18];

function tooOld(version) {
  var parts = version.split('.').map(Number);
  return parts[0] < MINIMUM[0] || (parts[0] === MINIMUM[0] && parts[1] < MINIMUM[1]);
}

/** The newer Node that an installation of the workspace brings along, or undefined. */
function bundledNode() {
  var folder = __dirname;
  for (;;) {
    var names = ['node-' + process.platform + '-' + process.arch + '/bin/node', '.bin/node'];
    for (var i = 0; i < names.length; i++) {
      var candidate = path.join(folder, 'node_modules', names[i]);
      if (fs.existsSync(candidate) && fs.realpathSync(candidate) !== fs.realpathSync(process.execPath))
        return candidate;
    }
    var parent = path.dirname(folder);
    if (parent === folder) return undefined;
    folder = parent;
  }
}

function main() {
  if (!tooOld(process.versions.node)) {
    var mod = require('module');
    if (mod.enableCompileCache) mod.enableCompileCache();
    // A clone runs its sources as they are; the published package has only dist.
    var source = path.join(__dirname, '..', 'src', 'faces', 'cli', 'main.ts');
    var built = path.join(__dirname, '..', 'dist', 'faces', 'cli', 'main.js');
    var entry = fs.existsSync(source) ? source : built;
    import(require('url').pathToFileURL(entry).href).then(function (cli) {
      return cli.main(process.argv.slice(2));
    });
    return;
  }
  var node = process.env.ANSATZ_REEXEC ? undefined : bundledNode();
  if (node) {
    var child = require('child_process').spawn(node, [__filename].concat(process.argv.slice(2)), {
      stdio: 'inherit',
      env: Object.assign({}, process.env, { ANSATZ_REEXEC: '1' }),
    });
    ['SIGINT', 'SIGTERM', 'SIGHUP'].forEach(function (signal) {
      // The terminal sends Ctrl-C to both; a signal sent to this process alone is handed on.
      process.on(signal, function () {
        if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
      });
    });
    child.on('exit', function (code, signal) {
      process.exitCode = signal ? 128 + (require('os').constants.signals[signal] || 0) : code;
    });
    child.on('error', function (error) {
      process.stderr.write('error: could not start ' + node + ': ' + error.message + '\n');
      process.exitCode = 70;
    });
    return;
  }
  process.stderr.write(
    'error: ansatz needs Node ' +
      MINIMUM.join('.') +
      ' or newer; this is ' +
      process.versions.node +
      '\n' +
      '  why: it keeps its journal in the SQLite that newer versions of Node carry\n' +
      '  fix: install Node 24 (nodejs.org, nvm install 24, fnm install 24), or run it with\n' +
      '       npx -p node@24 -p ansatz ansatz ' +
      process.argv.slice(2).join(' ') +
      '\n',
  );
  process.exitCode = 69;
}

main();
