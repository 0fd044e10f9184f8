<?php
// Runs on PHP 8. `$args` is the JSON object that you send, as an array; what you return is the result.
function main(array $args): array
{
    $name = $args['name'] ?? 'stranger';
    echo "Greeting $name\n";
    return ['body' => "Hello $name!"];
}
