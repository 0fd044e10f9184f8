<?php
// Scaleway on PHP. `$event` is the request as an API gateway describes it; the answer has a status, headers and a body.
function handle($event, $context)
{
    $given = json_decode($event['body'] ?? '', true) ?? [];
    $name = $given['name'] ?? 'stranger';
    echo "Greeting $name\n";
    return [
        'statusCode' => 200,
        'headers' => ['Content-Type' => 'application/json'],
        'body' => json_encode(['message' => "Hello $name!"]),
    ];
}
