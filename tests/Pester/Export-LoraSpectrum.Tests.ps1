# Pictures of spectra, and their numbers in files.
BeforeAll {
    . (Join-Path $PSScriptRoot 'Support.ps1')
    Import-Module (Join-Path $PSScriptRoot '../../out/ResizeLora/ResizeLora.psd1')
    $lora = Get-SamplePath 'lora'
    $base = Get-SamplePath 'base'
    $userCache = $env:RESIZELORA_CACHE
    $env:RESIZELORA_CACHE = Join-Path $TestDrive 'cache'
    $layers = @(Get-LoraSpectrum $lora)

    # Width and height of a PNG file, after its signature was checked.
    function Get-PngSize([string] $Path) {
        $bytes = [System.IO.File]::ReadAllBytes($Path)
        [Convert]::ToHexString($bytes, 0, 8) | Should -Be '89504E470D0A1A0A'
        foreach ($offset in 16, 20) { [System.Buffers.Binary.BinaryPrimitives]::ReadInt32BigEndian([byte[]] $bytes[$offset..($offset + 3)]) }
    }
}

AfterAll {
    $env:RESIZELORA_CACHE = $userCache
}

Describe 'A picture of the spectra of a LoRA' {
    It 'is a PNG file beside it, by default' {
        $copy = Copy-Sample 'lora' (Join-Path (New-TestFolder) 'my style.safetensors')
        $file = Export-LoraSpectrum $copy
        $file.GetType().FullName | Should -Be 'System.IO.FileInfo'
        $file.FullName | Should -Be ($copy -replace '\.safetensors$', '.spectrum.png')
        (Get-PngSize $file.FullName)[0] | Should -Be 1400
    }

    It 'has the size that is asked for' {
        $file = Export-LoraSpectrum $lora (Join-Path (New-TestFolder) 'small.png') -Width 800 -Height 640
        Get-PngSize $file.FullName | Should -Be @(800, 640)
    }

    It 'may be SVG, which says what it shows and has a line for each layer' {
        $file = Export-LoraSpectrum $lora (Join-Path (New-TestFolder) 'lines.svg')
        $svg = [xml] [System.IO.File]::ReadAllText($file.FullName)
        $svg.svg.title | Should -Be 'Singular values of lora.safetensors'
        $svg.svg.desc | Should -BeLike '51 layers, total rank 784*'
        # All but the layer that is all zero, which has no logarithm.
        $lines = $svg.GetElementsByTagName('path') |
            Where-Object { $_.GetAttribute('stroke') -in '#0072B2', '#009E73', '#E69F00' -and $_.GetAttribute('stroke-width') -eq '1.5' }
        @($lines).Count | Should -Be 50
    }

    It 'marks where recipes cut' {
        $folder = New-TestFolder
        $plain = Export-LoraSpectrum $lora (Join-Path $folder 'plain.svg')
        $marked = Export-LoraSpectrum $lora (Join-Path $folder 'marked.svg') -Checkpoint $base -Recipe 'spn_ckpt=1,thr=-1.2', 'spn_lora=1,size=0.1'
        $marked.Length | Should -BeGreaterThan $plain.Length
        $svg = [System.IO.File]::ReadAllText($marked.FullName)
        $svg | Should -BeLike '*#D55E00*'
        $svg | Should -BeLike '*#CC79A7*'
        [System.IO.File]::ReadAllText($plain.FullName) | Should -Not -BeLike '*#D55E00*'
    }

    It 'is drawn of one layer of rank one, and of a layer that is all zero' {
        $one = Write-SafetensorsFile (Join-Path (New-TestFolder) 'one.safetensors') (New-Layer $queryLayer -Rank 1)
        $zero = Write-SafetensorsFile (Join-Path (New-TestFolder) 'zero.safetensors') (New-Layer $queryLayer -Value 0)
        @($one, $zero | Export-LoraSpectrum -Destination (New-TestFolder)) | Should -HaveCount 2
    }

    It 'shows the layers that come down the pipeline, and only those' {
        $file = $layers | Where-Object Component -EQ 'UNet' |
            Export-LoraSpectrum -Destination (Join-Path (New-TestFolder) 'unet.svg') -Recipe 'spn_lora=1,thr=-0.7'
        ([xml] [System.IO.File]::ReadAllText($file.FullName)).svg.desc | Should -BeLike '27 layers*'
    }
}

Describe 'The numbers of the spectra' {
    BeforeAll {
        $recipe = 'spn_lora=1,thr=-0.7'
        $folder = New-TestFolder
        $csv = Export-LoraSpectrum $lora (Join-Path $folder 'numbers.csv') -Recipe $recipe
        $json = Export-LoraSpectrum $lora (Join-Path $folder 'numbers.json') -Recipe $recipe
        $result = Resize-Lora $lora -Recipe $recipe -OutputDirectory $folder
    }

    It 'come back from CSV exactly, one row for each singular value' {
        $rows = @(Import-Csv $csv.FullName)
        $rows | Should -HaveCount (($layers.SingularValues | Measure-Object).Count)
        $values = foreach ($row in $rows) { [double]::Parse($row.SingularValue, [cultureinfo]::InvariantCulture) }
        $values | Should -Be @($layers.SingularValues)
        $rows[0].Layer | Should -Be $layers[0].Layer
    }

    It 'say in CSV which of them a recipe keeps, as Resize-Lora does' {
        $column = "Kept by $($result.Recipe)"
        $rows = @(Import-Csv $csv.FullName | Where-Object $column -EQ 'True')
        $rows | Should -HaveCount $result.NewRank
    }

    It 'come back from JSON exactly' {
        $content = [System.Text.Json.JsonDocument]::Parse([System.IO.File]::ReadAllText($json.FullName)).RootElement
        $content.GetProperty('recipes')[0].GetProperty('keptRank').GetInt32() | Should -Be $result.NewRank
        $inFile = @($content.GetProperty('layers').EnumerateArray())
        $inFile | Should -HaveCount 51
        for ($i = 0; $i -lt 51; $i++) {
            @($inFile[$i].GetProperty('singularValues').EnumerateArray() | ForEach-Object { $_.GetDouble() }) |
                Should -Be @($layers[$i].SingularValues)
        }
    }

    It 'are written alike under a culture that writes 1,2 for 1.2' {
        $other = Use-Culture (Get-CommaCulture) { Export-LoraSpectrum $lora (Join-Path $folder 'comma.csv') -Recipe $recipe }
        Get-Sha256 $other.FullName | Should -Be (Get-Sha256 $csv.FullName)
    }

    It 'are in the format that -Format says, whatever the name' {
        $file = Export-LoraSpectrum $lora (Join-Path $folder 'numbers.txt') -Format Csv
        [System.IO.File]::ReadAllText($file.FullName) | Should -BeLike 'Layer,Component,*'
    }
}

Describe 'The outputs of Export-LoraSpectrum' {
    It 'are not written under -WhatIf' {
        $folder = New-TestFolder
        Export-LoraSpectrum $lora (Join-Path $folder 'a.png') -WhatIf | Should -BeNullOrEmpty
        Get-FileName $folder | Should -BeNullOrEmpty
    }

    It 'never replace a file without -Force' {
        $path = Join-Path (New-TestFolder) 'a.csv'
        [System.IO.File]::WriteAllText($path, 'mine')
        Export-LoraSpectrum $lora $path -ErrorVariable errors -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        $errors[0].FullyQualifiedErrorId | Should -BeLike 'OutputExists*'
        $errors[0].CategoryInfo.Category | Should -Be 'ResourceExists'
        [System.IO.File]::ReadAllText($path) | Should -Be 'mine'
        $null = Export-LoraSpectrum $lora $path -Force
        [System.IO.File]::ReadAllText($path) | Should -Not -Be 'mine'
        Get-FileName ([System.IO.Path]::GetDirectoryName($path)) | Should -Be 'a.csv'
    }

    It 'of several files go into a folder, and not over one another' {
        $folder = New-TestFolder
        $files = foreach ($name in 'one', 'two') { Copy-Sample 'lora' (Join-Path $folder "$name.safetensors") }
        $files | Export-LoraSpectrum -Destination (Join-Path $folder 'pictures/') -Format Json | ForEach-Object Name |
            Should -Be @('one.spectrum.json', 'two.spectrum.json')
        $written = @($files | Export-LoraSpectrum -Destination (Join-Path $folder 'all.json') -ErrorVariable errors -ErrorAction SilentlyContinue)
        $written | Should -HaveCount 1
        $errors[0].FullyQualifiedErrorId | Should -BeLike 'OutputTaken*'
    }

    It 'must tell a format' {
        Export-LoraSpectrum $lora (Join-Path (New-TestFolder) 'a.jpeg') -ErrorVariable errors -ErrorAction SilentlyContinue |
            Should -BeNullOrEmpty
        $errors[0].FullyQualifiedErrorId | Should -BeLike 'OutputFormatUnknown*'
    }

    It 'need a checkpoint where a recipe does' {
        { Export-LoraSpectrum $lora (Join-Path (New-TestFolder) 'a.png') -Recipe 'spn_ckpt=1,thr=-1' } |
            Should -Throw -ErrorId 'CheckpointNotGiven*'
    }
}
